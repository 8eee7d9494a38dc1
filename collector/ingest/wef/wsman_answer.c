/* What we say: each message as Windows' own collector says it. */
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>

#include "collector/ingest/wef/wsman.h"
#include "common/utf8.h"

static const char envelope_start[] =
	"<s:Envelope xml:lang=\"en-US\""
	" xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\""
	" xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\""
	" xmlns:e=\"http://schemas.xmlsoap.org/ws/2004/08/eventing\""
	" xmlns:n=\"http://schemas.xmlsoap.org/ws/2004/09/enumeration\""
	" xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\""
	" xmlns:p=\"http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd\">";

static const char anonymous[] =
	"http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous";

/* ---- ids ------------------------------------------------------------------------- */

static void format_uuid(const unsigned char bytes[16], char uuid[WSMAN_UUID_SIZE])
{
	static const char digits[] = "0123456789ABCDEF";
	char *to = uuid;

	for (unsigned i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		*to++ = digits[bytes[i] >> 4];
		*to++ = digits[bytes[i] & 0xf];
	}
	*to = '\0';
}

/* RFC 9562: which kind it is. */
static void mark_uuid(unsigned char bytes[16], unsigned version)
{
	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | version << 4);
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
}

void wsman_uuid_of(struct slice content, char uuid[WSMAN_UUID_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (EVP_Digest(content.ptr, content.len, digest, NULL, EVP_sha256(), NULL) != 1)
		abort();
	mark_uuid(digest, 8);
	format_uuid(digest, uuid);
}

static void put_new_uuid(struct strbuf *out)
{
	unsigned char bytes[16];
	char uuid[WSMAN_UUID_SIZE];

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		abort();
	mark_uuid(bytes, 4);
	format_uuid(bytes, uuid);
	strbuf_add_str(out, uuid);
}

/* ---- parts ------------------------------------------------------------------------ */

static void put_element(struct strbuf *out, const char *name, struct slice text)
{
	strbuf_addf(out, "<%s>", name);
	markup_escape(out, text);
	strbuf_addf(out, "</%s>", name);
}

static void put_message_id(struct strbuf *out)
{
	strbuf_add_str(out, "<a:MessageID>uuid:");
	put_new_uuid(out);
	strbuf_add_str(out, "</a:MessageID>");
}

/* Up to and with the start of the body. */
static void put_answer_start(
	struct strbuf *out, const struct wsman_message *to, const char *action)
{
	strbuf_add_str(out, envelope_start);
	strbuf_add_str(out, "<s:Header>");
	put_element(out, "a:Action", slice_str(action));
	put_message_id(out);
	put_element(out, "a:To", slice_str(anonymous));
	if (to->operation[0] != '\0') {
		strbuf_add_str(out, "<p:OperationID s:mustUnderstand=\"false\">");
		markup_escape(out, slice_str(to->operation));
		strbuf_add_str(out, "</p:OperationID>");
	}
	if (to->sequence[0] != '\0')
		put_element(out, "p:SequenceId", slice_str(to->sequence));
	if (to->id[0] != '\0')
		put_element(out, "a:RelatesTo", slice_str(to->id));
	strbuf_add_str(out, "</s:Header><s:Body>");
}

static void put_answer_end(struct strbuf *out)
{
	strbuf_add_str(out, "</s:Body></s:Envelope>");
}

void wsman_put_ack(struct strbuf *out, const struct wsman_message *to)
{
	put_answer_start(out, to, "http://schemas.dmtf.org/wbem/wsman/1/wsman/Ack");
	put_answer_end(out);
}

void wsman_put_released(struct strbuf *out, const struct wsman_message *to)
{
	put_answer_start(
		out, to, "http://schemas.xmlsoap.org/ws/2004/09/enumeration/ReleaseResponse");
	put_answer_end(out);
}

/* ---- faults (DSP0226 §14) ----------------------------------------------------------- */

static const struct {
	const char *action, *code, *subcode; /* subcode NULL: the code says it */
	unsigned status;
} faults[] = {
	[WSMAN_FAULT_ENVELOPE] = {"http://schemas.xmlsoap.org/ws/2004/08/addressing/fault",
		"s:Sender", "a:InvalidMessageInformationHeader", 400},
	[WSMAN_FAULT_MUST_UNDERSTAND] = {"http://schemas.dmtf.org/wbem/wsman/1/wsman/fault",
		"s:MustUnderstand", NULL, 500},
	[WSMAN_FAULT_ACTION] = {"http://schemas.xmlsoap.org/ws/2004/08/addressing/fault",
		"s:Sender", "a:ActionNotSupported", 500},
	[WSMAN_FAULT_SUBSCRIPTION] = {"http://schemas.dmtf.org/wbem/wsman/1/wsman/fault",
		"s:Receiver", "w:DeliveryRefused", 500},
	[WSMAN_FAULT_CONTEXT] = {"http://schemas.xmlsoap.org/ws/2004/09/enumeration/fault",
		"s:Receiver", "n:InvalidEnumerationContext", 500},
	[WSMAN_FAULT_BUSY] = {"http://schemas.xmlsoap.org/ws/2004/08/addressing/fault",
		"s:Receiver", "a:EndpointUnavailable", 503},
	[WSMAN_FAULT_NONE] = {NULL, NULL, NULL, 200},
};

unsigned wsman_fault_status(enum wsman_fault fault)
{
	return faults[fault].status;
}

void wsman_put_fault(struct strbuf *out, const struct wsman_message *to, enum wsman_fault fault,
	const char *why)
{
	put_answer_start(out, to, faults[fault].action);
	strbuf_add_str(out, "<s:Fault><s:Code>");
	put_element(out, "s:Value", slice_str(faults[fault].code));
	if (faults[fault].subcode != NULL) {
		strbuf_add_str(out, "<s:Subcode>");
		put_element(out, "s:Value", slice_str(faults[fault].subcode));
		strbuf_add_str(out, "</s:Subcode>");
	}
	strbuf_add_str(out, "</s:Code><s:Reason><s:Text xml:lang=\"en-US\">");
	markup_escape(out, slice_str(why));
	strbuf_add_str(out, "</s:Text></s:Reason></s:Fault>");
	put_answer_end(out);
}

/* ---- subscriptions --------------------------------------------------------------------- */

void wsman_put_enumeration_start(struct strbuf *out, const struct wsman_message *to)
{
	put_answer_start(
		out, to, "http://schemas.xmlsoap.org/ws/2004/09/enumeration/EnumerateResponse");
	strbuf_add_str(out,
		"<n:EnumerateResponse><n:EnumerationContext></n:EnumerationContext><w:Items>");
}

void wsman_put_enumeration_end(struct strbuf *out)
{
	strbuf_add_str(out, "</w:Items><w:EndOfSequence/></n:EnumerateResponse>");
	put_answer_end(out);
}

/* As xs:duration. */
static void put_duration(struct strbuf *out, uint64_t ms)
{
	strbuf_addf(
		out, "PT%llu.%03uS", (unsigned long long)(ms / 1000), (unsigned)(ms % 1000));
}

static void put_locale(struct strbuf *out, struct slice locale)
{
	if (locale.len == 0)
		return;
	strbuf_add_str(out, "<w:Locale xml:lang=\"");
	markup_escape(out, locale);
	strbuf_add_str(out, "\" s:mustUnderstand=\"false\"/><p:DataLocale xml:lang=\"");
	markup_escape(out, locale);
	strbuf_add_str(out, "\" s:mustUnderstand=\"false\"/>");
}

static void put_options(struct strbuf *out, const struct wsman_subscription *subscription)
{
	strbuf_add_str(out,
		"<w:OptionSet xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">"
		"<w:Option Name=\"SubscriptionName\">");
	markup_escape(out, subscription->name);
	strbuf_add_str(out, "</w:Option><w:Option Name=\"Compression\">SLDC</w:Option>"
			    "<w:Option Name=\"CDATA\" xsi:nil=\"true\"/>"
			    "<w:Option Name=\"ContentFormat\">");
	strbuf_add_str(out, subscription->rendered ? "RenderedText" : "Raw");
	strbuf_add_str(
		out, "</w:Option><w:Option Name=\"IgnoreChannelError\" xsi:nil=\"true\"/>");
	if (subscription->existing)
		strbuf_add_str(out, "<w:Option Name=\"ReadExistingEvents\">true</w:Option>");
	strbuf_add_str(out, "</w:OptionSet>");
}

static void put_subscribe_head(
	struct strbuf *out, const struct wsman_subscription *subscription)
{
	strbuf_add_str(out, "<s:Header>");
	put_element(out, "a:To", slice_str(anonymous));
	strbuf_add_str(out, "<w:ResourceURI s:mustUnderstand=\"true\">"
			    "http://schemas.microsoft.com/wbem/wsman/1/windows/EventLog"
			    "</w:ResourceURI><a:ReplyTo><a:Address s:mustUnderstand=\"true\">");
	strbuf_add_str(out, anonymous);
	strbuf_add_str(out,
		"</a:Address></a:ReplyTo><a:Action s:mustUnderstand=\"true\">"
		"http://schemas.xmlsoap.org/ws/2004/08/eventing/Subscribe</a:Action>");
	strbuf_addf(out,
		"<w:MaxEnvelopeSize s:mustUnderstand=\"true\">%llu</w:MaxEnvelopeSize>",
		(unsigned long long)subscription->envelope_max);
	put_message_id(out);
	put_locale(out, subscription->locale);
	strbuf_add_str(out, "<p:OperationID s:mustUnderstand=\"false\">uuid:");
	put_new_uuid(out);
	strbuf_add_str(out, "</p:OperationID>"
			    "<p:SequenceId s:mustUnderstand=\"false\">1</p:SequenceId>");
	put_options(out, subscription);
	strbuf_add_str(out, "</s:Header>");
}

/* Where to, and by what it is known there. */
static void put_reference(struct strbuf *out, const struct wsman_subscription *subscription)
{
	put_element(out, "a:Address", subscription->address);
	strbuf_add_str(out, "<a:ReferenceProperties>");
	put_element(out, "e:Identifier", subscription->version);
	strbuf_add_str(out, "</a:ReferenceProperties>");
}

/* [MS-WSMV] §2.2.4.1: with the certificate that issuer gave it. */
static void put_policy(struct strbuf *out, const struct wsman_issuer *issuer)
{
	if (slice_absent(issuer->thumbprint))
		return;
	strbuf_add_str(out,
		"<c:Policy xmlns:c=\"http://schemas.xmlsoap.org/ws/2002/12/policy\""
		" xmlns:auth=\"http://schemas.microsoft.com/wbem/wsman/1/authentication\">"
		"<c:ExactlyOne><c:All><auth:Authentication Profile=\""
		"http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual\">"
		"<auth:ClientCertificate><auth:Thumbprint Role=\"issuer\">");
	markup_escape(out, issuer->thumbprint);
	strbuf_add_str(out, "</auth:Thumbprint></auth:ClientCertificate>"
			    "</auth:Authentication></c:All></c:ExactlyOne></c:Policy>");
}

static void put_delivery(struct strbuf *out, const struct wsman_subscription *subscription,
	const struct wsman_issuer *issuer)
{
	strbuf_add_str(out, "<e:Delivery Mode=\""
			    "http://schemas.dmtf.org/wbem/wsman/1/wsman/Events\">"
			    "<w:Heartbeats>");
	put_duration(out, subscription->heartbeat_ms);
	strbuf_add_str(out, "</w:Heartbeats><e:NotifyTo>");
	put_reference(out, subscription);
	put_policy(out, issuer);
	strbuf_add_str(out, "</e:NotifyTo>"
			    "<w:ConnectionRetry Total=\"5\">PT60.0S</w:ConnectionRetry>"
			    "<w:MaxTime>");
	put_duration(out, subscription->latency_ms);
	strbuf_addf(out,
		"</w:MaxTime><w:MaxEnvelopeSize Policy=\"Notify\">%llu</w:MaxEnvelopeSize>",
		(unsigned long long)subscription->envelope_max);
	put_locale(out, subscription->locale);
	strbuf_add_str(out, "<w:ContentEncoding>UTF-16</w:ContentEncoding></e:Delivery>");
}

/* DSP0226 §10.2.6: from behind what is durable here, or all there is, or from now on. */
static void put_bookmark(struct strbuf *out, const struct wsman_subscription *subscription)
{
	if (!slice_absent(subscription->bookmark)) {
		strbuf_add_str(out, "<w:Bookmark>");
		strbuf_add(out, subscription->bookmark);
		strbuf_add_str(out, "</w:Bookmark>");
	} else if (subscription->existing) {
		strbuf_add_str(out, "<w:Bookmark>http://schemas.dmtf.org/wbem/wsman/1/wsman/"
				    "bookmark/earliest</w:Bookmark>");
	}
	strbuf_add_str(out, "<w:SendBookmarks/>");
}

void wsman_put_subscription(struct strbuf *out, const struct wsman_subscription *subscription,
	const struct wsman_issuer *issuer)
{
	strbuf_add_str(out,
		"<m:Subscription"
		" xmlns:m=\"http://schemas.microsoft.com/wbem/wsman/1/subscription\">"
		"<m:Version>uuid:");
	markup_escape(out, subscription->version);
	strbuf_add_str(out, "</m:Version>");
	strbuf_add_str(out, envelope_start);
	put_subscribe_head(out, subscription);
	strbuf_add_str(out, "<s:Body><e:Subscribe><e:EndTo>");
	put_reference(out, subscription);
	strbuf_add_str(out, "</e:EndTo>");
	put_delivery(out, subscription, issuer);
	strbuf_add_str(out, "<w:Filter Dialect=\""
			    "http://schemas.microsoft.com/win/2004/08/events/eventquery\">");
	strbuf_add(out, subscription->query);
	strbuf_add_str(out, "</w:Filter>");
	put_bookmark(out, subscription);
	strbuf_add_str(out, "</e:Subscribe></s:Body></s:Envelope></m:Subscription>");
}

/* ---- the way Windows speaks --------------------------------------------------------- */

static void put_unit(struct strbuf *out, unsigned unit)
{
	strbuf_add_byte(out, (char)(unit & 0xff));
	strbuf_add_byte(out, (char)(unit >> 8));
}

/* The character at the start of `text`, which is `width` bytes of UTF-8. */
static uint32_t character_at(struct slice text, size_t width)
{
	static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t character = (unsigned char)text.ptr[0] & masks[width];

	for (size_t i = 1; i < width; i++)
		character = character << 6 | ((unsigned char)text.ptr[i] & 0x3f);
	return character;
}

void wsman_put_utf16(struct strbuf *out, struct slice text)
{
	put_unit(out, 0xfeff);
	while (text.len > 0) {
		const size_t width = utf8_width(text);
		const uint32_t character = width > 0 ? character_at(text, width) : 0xfffd;

		if (character >= 0x10000) {
			put_unit(out, 0xd800 + ((character - 0x10000) >> 10));
			put_unit(out, 0xdc00 + ((character - 0x10000) & 0x3ff));
		} else {
			put_unit(out, character);
		}
		text = slice_from(text, width > 0 ? width : 1);
	}
}
