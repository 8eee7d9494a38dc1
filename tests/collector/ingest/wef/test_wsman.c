#include "collector/ingest/wef/wsman.h"

#include <stdio.h>

#include "common/charset.h"
#include "tests/collector/ingest/wef/sldc_writer.h"
#include "tests/support/check.h"

#define START                                                                                  \
	"<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\""                      \
	" xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\""                        \
	" xmlns:e=\"http://schemas.xmlsoap.org/ws/2004/08/eventing\""                          \
	" xmlns:n=\"http://schemas.xmlsoap.org/ws/2004/09/enumeration\""                       \
	" xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\""                          \
	" xmlns:p=\"http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd\"><s:Header>"
#define ACTION(uri)                                                                            \
	"<a:Action s:mustUnderstand=\"true\">" uri "</a:Action>"                               \
	"<a:MessageID>uuid:11111111-AAAA-4BBB-8CCC-222222222222</a:MessageID>"
#define BODY "</s:Header><s:Body>"
#define END  "</s:Body></s:Envelope>"
#define EVENTS_ACTION                                                                          \
	ACTION("http://schemas.dmtf.org/wbem/wsman/1/wsman/Events")                            \
	"<e:Identifier>V-1</e:Identifier>"
#define EVENT(inside)                                                                          \
	"<w:Event Action=\"http://schemas.dmtf.org/wbem/wsman/1/wsman/Event\">" inside         \
	"</w:Event>"

static struct wsman_message message;
static const char *why;

static enum wsman_fault read_text(const char *text)
{
	why = NULL;
	return wsman_read(slice_str(text), &message, &why);
}

START_TEST(an_enumeration_is_asked_for)
{
	ck_assert_int_eq(
		read_text(START
			"<a:To>https://soc.example:5986/wsman/SubscriptionManager/WEC</a:To>"
			"<m:MachineID xmlns:m=\"http://schemas.microsoft.com/wbem/wsman/1/"
			"machineid\" s:mustUnderstand=\"false\">\n pc1.xa.example "
			"</m:MachineID>"
			"<a:ReplyTo><a:Address "
			"s:mustUnderstand=\"true\">x</a:Address></a:ReplyTo>" ACTION(
				"http://schemas.xmlsoap.org/ws/2004/09/enumeration/"
				"Enumerate") "<w:MaxEnvelopeSize "
					     "s:mustUnderstand=\"true\">512000"
					     "</w:MaxEnvelopeSize>"
					     "<p:OperationID>uuid:2</p:OperationID>"
					     "<p:SequenceId>1</p:SequenceId>" BODY
					     "<n:Enumerate><w:OptimizeEnumeration/>"
					     "<w:MaxElements>32000</w:MaxElements></"
					     "n:Enumerate>" END),
		WSMAN_FAULT_NONE);
	ck_assert_int_eq(message.action, WSMAN_ENUMERATE);
	ck_assert_str_eq(message.id, "uuid:11111111-AAAA-4BBB-8CCC-222222222222");
	ck_assert_str_eq(message.machine, "pc1.xa.example");
	ck_assert_str_eq(message.operation, "uuid:2");
	ck_assert_str_eq(message.sequence, "1");
	ck_assert(!message.wants_ack);
	ck_assert(slice_absent(message.bookmark));
}
END_TEST

static void check_next(const char *event)
{
	static struct strbuf scratch = STRBUF_INIT(1000);
	struct slice got = SLICE_NONE;

	ck_assert_int_eq(wsman_next_event(&message, &scratch, &got), event != NULL);
	if (event != NULL)
		ck_assert_slice_eq(got, slice_str(event));
	else
		strbuf_done(&scratch);
}

START_TEST(events_come_as_they_were)
{
	ck_assert_int_eq(
		read_text(START EVENTS_ACTION
			"<w:Bookmark><BookmarkList><Bookmark Channel=\"Security\" "
			"RecordId=\"7\""
			" IsCurrent=\"true\"/></BookmarkList></w:Bookmark><w:AckRequested/"
			">" BODY "<w:Events>\n" EVENT("<![CDATA[<Event a='1'>&amp;</Event>]]>")
				EVENT("\n  <![CDATA[\n<Event>2</Event>\n]]>\n")
					EVENT("<Event xmlns='u'><System/></Event>") EVENT(
						"<![CDATA[<Event>]]]]><![CDATA[></Event>]]>")
						EVENT("&lt;Event/&gt;")
							EVENT("") "</w:Events>" END),
		WSMAN_FAULT_NONE);
	ck_assert_int_eq(message.action, WSMAN_EVENTS);
	ck_assert_uint_eq(message.n_events, 6);
	ck_assert(message.wants_ack);
	ck_assert_str_eq(message.subscription, "V-1");
	ck_assert_slice_eq(message.bookmark,
		SLICE_LIT("<BookmarkList><Bookmark Channel=\"Security\" RecordId=\"7\""
			  " IsCurrent=\"true\"/></BookmarkList>"));
	check_next("<Event a='1'>&amp;</Event>");
	check_next("<Event>2</Event>");
	check_next("<Event xmlns='u'><System/></Event>");
	check_next("<Event>]]></Event>");
	check_next("<Event/>");
	check_next("");
	check_next(NULL);
}
END_TEST

START_TEST(heartbeats_have_no_events)
{
	ck_assert_int_eq(
		read_text(START ACTION("http://schemas.dmtf.org/wbem/wsman/1/wsman/"
				       "Heartbeat") "<e:Identifier>V</"
						    "e:Identifier><w:AckRequested/>" BODY
						    "<w:Events></w:Events>" END),
		WSMAN_FAULT_NONE);
	ck_assert_int_eq(message.action, WSMAN_HEARTBEAT);
	ck_assert_uint_eq(message.n_events, 0);
	check_next(NULL);
}
END_TEST

START_TEST(a_subscription_ends_and_says_why)
{
	ck_assert_int_eq(
		read_text(START ACTION("http://schemas.xmlsoap.org/ws/2004/08/eventing/"
				       "SubscriptionEnd") BODY
			"<e:SubscriptionEnd><e:SubscriptionManager><a:Address>x</a:Address>"
			"</e:SubscriptionManager><e:Status>cancelled</e:Status>"
			"<f:WSManFault xmlns:f=\"u\" Code=\"1717\"/></e:SubscriptionEnd>" END),
		WSMAN_FAULT_NONE);
	ck_assert_int_eq(message.action, WSMAN_SUBSCRIPTION_END);
	ck_assert_slice_eq(message.status, SLICE_LIT("cancelled"));
}
END_TEST

START_TEST(what_is_no_envelope_is_a_fault)
{
	static const char *const texts[] = {"", "hello", "<a/>", START BODY END,
		START ACTION("x") "</s:Header></s:Envelope>",
		START ACTION("http://schemas.dmtf.org/wbem/wsman/1/wsman/Events") BODY
		"<w:Events><w:Other/></w:Events>" END,
		START ACTION("http://schemas.dmtf.org/wbem/wsman/1/wsman/Events") BODY
		"<w:Events>text</w:Events>" END,
		START EVENTS_ACTION BODY "<w:Events>" EVENT(
			"<a/>") "</w:Events><w:Events>" EVENT("<b/>") "</w:Events>" END,
		START EVENTS_ACTION BODY "<w:Events/><w:Events/>" END,
		START
		"<a:Action>http://schemas.dmtf.org/wbem/wsman/1/wsman/Events</a:Action>" BODY
		"<w:Events/>" END,
		START ACTION("<x/>") BODY END,
		"<!DOCTYPE s:Envelope [<!ENTITY a 'b'>]>" START ACTION("x") BODY END,
		START EVENTS_ACTION BODY "<w:Events>" EVENT("<![CDATA[<Event>") END,
		START EVENTS_ACTION BODY "<w:Events/>" END "<x/>"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		ck_assert_msg(read_text(texts[i]) == WSMAN_FAULT_ENVELOPE, "%zu is taken", i);
		ck_assert_ptr_nonnull(why);
	}
}
END_TEST

START_TEST(what_we_do_not_know_is_a_fault_of_its_own)
{
	ck_assert_int_eq(
		read_text(START ACTION("http://example/Other") BODY END), WSMAN_FAULT_ACTION);
	ck_assert_str_eq(message.id, "uuid:11111111-AAAA-4BBB-8CCC-222222222222");
	ck_assert_int_eq(
		read_text(START EVENTS_ACTION
			"<x:New xmlns:x='u' s:mustUnderstand='true'/>" BODY "<w:Events/>" END),
		WSMAN_FAULT_MUST_UNDERSTAND);
	ck_assert_int_eq(
		read_text(START EVENTS_ACTION
			"<x:New xmlns:x='u' s:mustUnderstand='false'/>" BODY "<w:Events/>" END),
		WSMAN_FAULT_NONE);
}
END_TEST

START_TEST(ids_are_bounded)
{
	static char text[2 * WSMAN_BOOKMARK_MAX];
	char id[WSMAN_ID_MAX + 2];

	memset(id, 'x', sizeof(id));
	id[WSMAN_ID_MAX] = '\0';
	snprintf(text, sizeof(text),
		START EVENTS_ACTION "<p:OperationID>%s</p:OperationID>" BODY END, id);
	ck_assert_int_eq(read_text(text), WSMAN_FAULT_NONE);
	ck_assert_str_eq(message.operation, id);
	snprintf(text, sizeof(text),
		START EVENTS_ACTION "<p:OperationID>%sx</p:OperationID>" BODY END, id);
	ck_assert_int_eq(read_text(text), WSMAN_FAULT_ENVELOPE);
	snprintf(text, sizeof(text),
		START EVENTS_ACTION "<w:Bookmark>%*s</w:Bookmark>" BODY END,
		WSMAN_BOOKMARK_MAX + 1, "");
	ck_assert_int_eq(read_text(text), WSMAN_FAULT_ENVELOPE);
}
END_TEST

START_TEST(a_bookmark_leans_on_nothing_else)
{
	ck_assert_int_eq(read_text(START EVENTS_ACTION
				 "<w:Bookmark>http://example/earliest</w:Bookmark>" BODY END),
		WSMAN_FAULT_NONE);
	ck_assert_int_eq(
		read_text(START EVENTS_ACTION "<w:Bookmark><w:Item/></w:Bookmark>" BODY END),
		WSMAN_FAULT_ENVELOPE);
	ck_assert_int_eq(read_text(START EVENTS_ACTION
				 "<w:Bookmark><Item/><Item/></w:Bookmark>" BODY END),
		WSMAN_FAULT_ENVELOPE);
}
END_TEST

START_TEST(events_that_were_left_out_are_counted)
{
	ck_assert_uint_eq(wsman_dropped(SLICE_LIT(
				  "<w:DroppedEvents Action=\"x\"> 12 </w:DroppedEvents>")),
		12);
	ck_assert_uint_eq(wsman_dropped(SLICE_LIT("<Event>DroppedEvents>3</Event>")), 0);
	ck_assert_uint_eq(wsman_dropped(SLICE_LIT("<w:DroppedEvents")), 0);
	ck_assert_uint_eq(wsman_dropped(SLICE_LIT("<w:DroppedEvents>")), 0);
	ck_assert_uint_eq(wsman_dropped(SLICE_LIT("")), 0);
}
END_TEST

/* ---- bytes ------------------------------------------------------------------------- */

static void check_decodes(struct slice body, bool packed, const char *text)
{
	struct strbuf out = STRBUF_INIT(8 << 20);

	why = NULL;
	ck_assert_int_eq(wsman_decode(body, packed, &out, &why), text != NULL);
	if (text != NULL)
		ck_assert_slice_eq(strbuf_slice(&out), slice_str(text));
	else
		ck_assert_ptr_nonnull(why);
	strbuf_done(&out);
}

static void add_size(struct strbuf *out, uint32_t size)
{
	for (unsigned i = 0; i < 4; i++)
		strbuf_add_byte(out, (char)(size >> (8 * i) & 0xff));
}

START_TEST(bodies_come_in_many_forms)
{
	static const char text[] = "<a>T\xe1\xbb\x89nh \xf0\x9f\x98\x80</a>";
	struct strbuf wide = STRBUF_INIT(1000), packed = STRBUF_INIT(1000);

	wsman_put_utf16(&wide, slice_str(text));
	ck_assert_int_eq(charset_of_mark(strbuf_slice(&wide)), CHARSET_UTF_16LE);
	sldc_pack(strbuf_slice(&wide), &packed);
	add_size(&packed, (uint32_t)wide.len);
	check_decodes(slice_str(text), false, text);
	check_decodes(strbuf_slice(&wide), false, text);
	check_decodes(slice_from(strbuf_slice(&wide), 2), false, text);
	check_decodes(strbuf_slice(&packed), true, text);
	check_decodes(strbuf_slice(&wide), true, text); /* as Windows sends End */
	check_decodes(slice_str(text), true, text);
	check_decodes(slice_head(strbuf_slice(&packed), packed.len - 1), true, NULL);
	check_decodes(slice_from(strbuf_slice(&packed), 1), true, NULL);
	check_decodes(SLICE_LIT(""), true, NULL);
	check_decodes(SLICE_LIT("abc"), true, NULL);
	strbuf_done(&wide);
	strbuf_done(&packed);
}
END_TEST

START_TEST(a_body_may_not_be_larger_than_an_envelope)
{
	struct strbuf packed = STRBUF_INIT(1000), large = STRBUF_INIT(8 << 20);

	sldc_pack(SLICE_LIT("abc"), &packed);
	add_size(&packed, WSMAN_ENVELOPE_MAX + 1);
	check_decodes(strbuf_slice(&packed), true, NULL);
	for (size_t i = 0; i <= WSMAN_ENVELOPE_MAX; i++)
		strbuf_add_byte(&large, ' ');
	check_decodes(strbuf_slice(&large), false, NULL);
	strbuf_done(&packed);
	strbuf_done(&large);
}
END_TEST

/* ---- answers ------------------------------------------------------------------------ */

static bool has(const struct strbuf *out, const char *part)
{
	return slice_search(strbuf_slice(out), slice_str(part)) < out->len;
}

static void check_well_formed(const struct strbuf *out)
{
	enum markup_got got;
	struct markup xml;

	markup_init(&xml, strbuf_slice(out));
	while ((got = markup_next(&xml)) != MARKUP_DONE)
		ck_assert_msg(got != MARKUP_BROKEN, "%s: %.*s", xml.trouble,
			SLICE_FMT(strbuf_slice(out)));
}

START_TEST(answers_say_what_they_answer)
{
	struct wsman_message to = {.id = "uuid:<1>", .operation = "uuid:&", .sequence = "1"};
	struct strbuf out = STRBUF_INIT(10000);

	wsman_put_ack(&out, &to);
	check_well_formed(&out);
	ck_assert(has(&out, "http://schemas.dmtf.org/wbem/wsman/1/wsman/Ack</a:Action>"));
	ck_assert(has(&out, "<a:RelatesTo>uuid:&lt;1&gt;</a:RelatesTo>"));
	ck_assert(has(&out, ">uuid:&amp;</p:OperationID>"));
	strbuf_reset(&out);
	wsman_put_released(&out, &to);
	check_well_formed(&out);
	for (int fault = WSMAN_FAULT_ENVELOPE; fault < WSMAN_FAULT_NONE; fault++) {
		strbuf_reset(&out);
		wsman_put_fault(&out, &to, (enum wsman_fault)fault, "why & where");
		check_well_formed(&out);
		ck_assert(has(&out, "why &amp; where</s:Text>"));
		ck_assert_uint_ge(wsman_fault_status((enum wsman_fault)fault), 400);
	}
	ck_assert(has(&out, "a:EndpointUnavailable"));
	ck_assert(!out.overflow);
	strbuf_done(&out);
}
END_TEST

static const struct wsman_subscription subscription = {
	.name = {SLICE_BYTES("b\xe1\xba\xa3o m\xe1\xba\xadt & co")},
	.version = {SLICE_BYTES("0A")},
	.query = {SLICE_BYTES("<QueryList><Query Id=\"0\"><Select Path=\"Security\">*</Select>"
			      "</Query></QueryList>")},
	.rendered = true,
	.locale = {SLICE_BYTES("vi-VN")},
	.heartbeat_ms = 3600000,
	.latency_ms = 30500,
	.envelope_max = 512000,
	.address = {SLICE_BYTES("https://soc.example:5986/wsman/subscriptions/0A")},
};

START_TEST(an_enumeration_has_all_subscriptions)
{
	const struct wsman_issuer nobody = {{0}}, issuer = {{SLICE_BYTES("ABCD")}};
	const struct wsman_message to = {.id = "uuid:1"};
	struct wsman_subscription other = subscription;
	struct strbuf out = STRBUF_INIT(20000);

	other.rendered = false;
	other.existing = true;
	other.bookmark = SLICE_LIT("<BookmarkList/>");
	wsman_put_enumeration_start(&out, &to);
	wsman_put_subscription(&out, &subscription, &issuer);
	ck_assert(has(&out, "<w:Heartbeats>PT3600.000S</w:Heartbeats>"));
	ck_assert(has(&out, "<w:MaxTime>PT30.500S</w:MaxTime>"));
	ck_assert(has(&out, ">RenderedText</w:Option>"));
	ck_assert(has(&out, "<auth:Thumbprint Role=\"issuer\">ABCD</auth:Thumbprint>"));
	ck_assert(!has(&out, "<w:Bookmark>"));
	wsman_put_subscription(&out, &other, &nobody);
	ck_assert(has(&out, "<w:Bookmark><BookmarkList/></w:Bookmark>"));
	ck_assert(has(&out, ">Raw</w:Option>"));
	wsman_put_enumeration_end(&out);
	check_well_formed(&out);
	other.bookmark = SLICE_NONE;
	strbuf_reset(&out);
	wsman_put_subscription(&out, &other, &nobody);
	ck_assert(has(&out, "wsman/bookmark/earliest</w:Bookmark>"));
	ck_assert(!has(&out, "<c:Policy"));
	strbuf_done(&out);
}
END_TEST

START_TEST(ids_made_of_contents_are_stable)
{
	char one[WSMAN_UUID_SIZE], same[WSMAN_UUID_SIZE], other[WSMAN_UUID_SIZE];

	wsman_uuid_of(SLICE_LIT("a"), one);
	wsman_uuid_of(SLICE_LIT("a"), same);
	wsman_uuid_of(SLICE_LIT("b"), other);
	ck_assert_str_eq(one, same);
	ck_assert_str_ne(one, other);
	ck_assert_uint_eq(strlen(one), WSMAN_UUID_SIZE - 1);
	ck_assert_int_eq(one[14], '8');
}
END_TEST

TEST_MAIN("wsman", an_enumeration_is_asked_for, events_come_as_they_were,
	heartbeats_have_no_events, a_subscription_ends_and_says_why,
	what_is_no_envelope_is_a_fault, what_we_do_not_know_is_a_fault_of_its_own,
	ids_are_bounded, a_bookmark_leans_on_nothing_else,
	events_that_were_left_out_are_counted, bodies_come_in_many_forms,
	a_body_may_not_be_larger_than_an_envelope, answers_say_what_they_answer,
	an_enumeration_has_all_subscriptions, ids_made_of_contents_are_stable)
