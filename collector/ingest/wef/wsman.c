/* Names of namespaces and actions stand in [MS-WSMV] §2.2.1 and DSP0226 annex A. */
#include "collector/ingest/wef/wsman.h"

#include "collector/ingest/wef/sldc.h"
#include "common/bytes.h"
#include "common/charset.h"

enum {
	SIZE_AT_END = 4, /* bytes of a packed body: its size, little-endian */
	DROPPED_MAX = 500,
	PREFIX_MAX = 16,
};

static const struct slice
	soap = {SLICE_BYTES("http://www.w3.org/2003/05/soap-envelope")},
	addressing = {SLICE_BYTES("http://schemas.xmlsoap.org/ws/2004/08/addressing")},
	eventing = {SLICE_BYTES("http://schemas.xmlsoap.org/ws/2004/08/eventing")},
	wsman = {SLICE_BYTES("http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd")},
	microsoft = {SLICE_BYTES("http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd")},
	machine_id = {SLICE_BYTES("http://schemas.microsoft.com/wbem/wsman/1/machineid")};

/* ---- from bytes to text ---------------------------------------------------------- */

/* One that says it is packed and is not begins with a mark or a tag, as no stream does: so
 * does Windows with End ([MS-WSMV] says nothing of it). */
static bool is_plain(struct slice body)
{
	return charset_of_mark(body) != CHARSET_COUNT || slice_starts(body, SLICE_LIT("<"));
}

static bool unpack(struct slice body, struct strbuf *out, const char **why)
{
	const size_t packed = body.len > SIZE_AT_END ? body.len - SIZE_AT_END : 0;
	const uint32_t size = packed > 0 ? bytes_get_u32(body.ptr + packed) : 0;

	*why = "it is larger than an envelope may be";
	if (size > WSMAN_ENVELOPE_MAX)
		return false;
	*why = "what it is packed with is damaged";
	return sldc_unpack(slice_head(body, packed), size, out);
}

static bool to_utf8(struct slice body, struct strbuf *text, const char **why)
{
	const enum charset mark = charset_of_mark(body);
	const bool bare_utf16 = body.len > 1 && body.ptr[0] == '<' && body.ptr[1] == '\0';
	const enum charset charset = mark != CHARSET_COUNT ? mark
				     : bare_utf16          ? CHARSET_UTF_16LE
							   : CHARSET_UTF_8;
	struct charset_outcome outcome;

	*why = "it is larger than an envelope may be";
	if (body.len > WSMAN_ENVELOPE_MAX)
		return false;
	const size_t size = charset_decode(charset, body, NULL, &outcome);
	char *to = strbuf_reserve(text, size);
	if (to == NULL)
		return false;
	strbuf_extend(text, charset_decode(charset, body, to, &outcome));
	return true;
}

bool wsman_decode(struct slice body, bool packed, struct strbuf *text, const char **why)
{
	struct strbuf unpacked = STRBUF_INIT(WSMAN_ENVELOPE_MAX);
	bool good;

	if (!packed || is_plain(body))
		return to_utf8(body, text, why);
	good = unpack(body, &unpacked, why) && to_utf8(strbuf_slice(&unpacked), text, why);
	strbuf_done(&unpacked);
	return good;
}

/* ---- the head ---------------------------------------------------------------------- */

struct reading {
	struct markup xml;
	struct wsman_message *message;
	const char **why;
	char action[WSMAN_ID_MAX + 1];
	bool understands; /* all that it has to */
	bool has_events;  /* a list of them */
};

static enum wsman_fault fault(struct reading *reading, const char *why)
{
	*reading->why = why;
	return WSMAN_FAULT_ENVELOPE;
}

/* Text of an element that has nothing else, into `max` bytes and a NUL. */
static bool take_text(struct reading *reading, char *out, size_t max)
{
	struct strbuf text = STRBUF_INIT(max);
	struct slice inside, trimmed;
	bool good = markup_take_inside(&reading->xml, &inside) &&
		    slice_find(inside, '<') == inside.len && markup_decode(inside, &text) &&
		    !text.overflow;

	trimmed = strbuf_slice(&text);
	while (trimmed.len > 0 && strchr(" \t\r\n", trimmed.ptr[0]) != NULL)
		trimmed = slice_from(trimmed, 1);
	while (trimmed.len > 0 && strchr(" \t\r\n", trimmed.ptr[trimmed.len - 1]) != NULL)
		trimmed.len--;
	good = good && memchr(trimmed.ptr, '\0', trimmed.len) == NULL;
	if (good) {
		memcpy(out, trimmed.ptr, trimmed.len);
		out[trimmed.len] = '\0';
	}
	strbuf_done(&text);
	return good;
}

static bool skip(struct reading *reading)
{
	struct slice inside;

	return markup_take_inside(&reading->xml, &inside);
}

struct known_header {
	const struct slice *space;
	struct slice name;
	size_t to, max; /* of the message; 0 = it is understood, and says nothing to us */
};

#define KEPT(member)                                                                           \
	offsetof(struct wsman_message, member), sizeof(((struct wsman_message *)0)->member) - 1
static const struct known_header known_headers[] = {
	{&addressing, {SLICE_BYTES("MessageID")}, KEPT(id)},
	{&microsoft, {SLICE_BYTES("OperationID")}, KEPT(operation)},
	{&microsoft, {SLICE_BYTES("SequenceId")}, KEPT(sequence)},
	{&eventing, {SLICE_BYTES("Identifier")}, KEPT(subscription)},
	{&machine_id, {SLICE_BYTES("MachineID")}, KEPT(machine)},
	{&addressing, {SLICE_BYTES("To")}, 0, 0},
	{&addressing, {SLICE_BYTES("From")}, 0, 0},
	{&addressing, {SLICE_BYTES("ReplyTo")}, 0, 0},
	{&addressing, {SLICE_BYTES("FaultTo")}, 0, 0},
	{&addressing, {SLICE_BYTES("RelatesTo")}, 0, 0},
	{&wsman, {SLICE_BYTES("ResourceURI")}, 0, 0},
	{&wsman, {SLICE_BYTES("SelectorSet")}, 0, 0},
	{&wsman, {SLICE_BYTES("OptionSet")}, 0, 0},
	{&wsman, {SLICE_BYTES("MaxEnvelopeSize")}, 0, 0},
	{&wsman, {SLICE_BYTES("Locale")}, 0, 0},
	{&wsman, {SLICE_BYTES("OperationTimeout")}, 0, 0},
	{&microsoft, {SLICE_BYTES("DataLocale")}, 0, 0},
	{&microsoft, {SLICE_BYTES("SessionId")}, 0, 0},
	{&microsoft, {SLICE_BYTES("ActivityId")}, 0, 0},
};
#undef KEPT

static const struct known_header *find_header(const struct markup *xml)
{
	for (size_t i = 0; i < ARRAY_LEN(known_headers); i++) {
		if (markup_is(xml, *known_headers[i].space, known_headers[i].name))
			return &known_headers[i];
	}
	return NULL;
}

static bool take_unknown(struct reading *reading)
{
	const struct slice must = markup_attribute(&reading->xml, SLICE_LIT("mustUnderstand"));

	if (slice_eq(must, SLICE_LIT("true")) || slice_eq(must, SLICE_LIT("1")))
		reading->understands = false;
	return skip(reading);
}

/* It is said again in an envelope of ours: it may lean on nothing in this one. */
static bool stands_alone(struct slice bookmark)
{
	enum markup_got got = MARKUP_DONE;
	struct markup markup;

	if (slice_find(bookmark, '<') == bookmark.len)
		return true;
	markup_init(&markup, bookmark);
	while ((got = markup_next(&markup)) != MARKUP_DONE && got != MARKUP_BROKEN)
		;
	return got == MARKUP_DONE;
}

static bool take_bookmark(struct reading *reading)
{
	struct slice *bookmark = &reading->message->bookmark;

	return markup_take_inside(&reading->xml, bookmark) &&
	       bookmark->len <= WSMAN_BOOKMARK_MAX && stands_alone(*bookmark);
}

static bool take_header(struct reading *reading)
{
	const struct known_header *const known = find_header(&reading->xml);

	if (markup_is(&reading->xml, addressing, SLICE_LIT("Action")))
		return take_text(reading, reading->action, WSMAN_ID_MAX);
	if (markup_is(&reading->xml, wsman, SLICE_LIT("Bookmark")))
		return take_bookmark(reading);
	if (markup_is(&reading->xml, wsman, SLICE_LIT("AckRequested"))) {
		reading->message->wants_ack = true;
		return skip(reading);
	}
	if (known == NULL)
		return take_unknown(reading);
	return known->max == 0
		       ? skip(reading)
		       : take_text(reading, (char *)reading->message + known->to, known->max);
}

/* ---- the body ---------------------------------------------------------------------- */

static const struct {
	struct slice name;
	enum wsman_action action;
} actions[] = {
	{{SLICE_BYTES("http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate")},
		WSMAN_ENUMERATE},
	{{SLICE_BYTES("http://schemas.xmlsoap.org/ws/2004/09/enumeration/Pull")}, WSMAN_PULL},
	{{SLICE_BYTES("http://schemas.xmlsoap.org/ws/2004/09/enumeration/Release")},
		WSMAN_RELEASE},
	{{SLICE_BYTES("http://schemas.dmtf.org/wbem/wsman/1/wsman/Events")}, WSMAN_EVENTS},
	{{SLICE_BYTES("http://schemas.dmtf.org/wbem/wsman/1/wsman/Heartbeat")},
		WSMAN_HEARTBEAT},
	{{SLICE_BYTES("http://schemas.xmlsoap.org/ws/2004/08/eventing/SubscriptionEnd")},
		WSMAN_SUBSCRIPTION_END},
	{{SLICE_BYTES("http://schemas.microsoft.com/wbem/wsman/1/wsman/End")}, WSMAN_END},
};

static enum wsman_action action_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		if (slice_eq(actions[i].name, slice_str(name)))
			return actions[i].action;
	}
	return WSMAN_OTHER_ACTION;
}

/* Blank text between elements. */
static bool is_blank(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (strchr(" \t\r\n", text.ptr[i]) == NULL || text.ptr[i] == '\0')
			return false;
	}
	return true;
}

/* The next child of an element that has no text: MARKUP_START, or MARKUP_END of the element
 * itself.
 */
static enum markup_got next_child(struct markup *xml)
{
	enum markup_got got = markup_next(xml);

	while (got == MARKUP_TEXT && is_blank(xml->content))
		got = markup_next(xml);
	return got == MARKUP_START || got == MARKUP_END ? got : MARKUP_BROKEN;
}

/* Behind the start of w:Events: counts them, and remembers where they stand. */
static bool count_events(struct reading *reading)
{
	struct wsman_message *message = reading->message;
	enum markup_got got;

	if (reading->has_events)
		return false; /* of two lists one would be acknowledged and not stored */
	reading->has_events = true;
	message->events = reading->xml;
	while ((got = next_child(&reading->xml)) == MARKUP_START) {
		if (!markup_is(&reading->xml, wsman, SLICE_LIT("Event")) || !skip(reading))
			return false;
		message->n_events++;
	}
	return got == MARKUP_END;
}

/* Behind the start of e:SubscriptionEnd: why it ends. */
static bool take_end(struct reading *reading)
{
	enum markup_got got;

	while ((got = next_child(&reading->xml)) == MARKUP_START) {
		struct slice inside;
		const bool is_status = markup_is(&reading->xml, eventing, SLICE_LIT("Status"));

		if (!markup_take_inside(&reading->xml, &inside))
			return false;
		if (is_status)
			reading->message->status = inside;
	}
	return got == MARKUP_END;
}

static bool take_body_child(struct reading *reading)
{
	const enum wsman_action action = action_of(reading->action);

	if (action == WSMAN_EVENTS && markup_is(&reading->xml, wsman, SLICE_LIT("Events")))
		return count_events(reading);
	if (action == WSMAN_SUBSCRIPTION_END &&
		markup_is(&reading->xml, eventing, SLICE_LIT("SubscriptionEnd")))
		return take_end(reading);
	return skip(reading);
}

/* ---- the envelope ------------------------------------------------------------------- */

/* All children of the element that was begun. */
static bool take_children(struct reading *reading, bool (*take)(struct reading *reading))
{
	enum markup_got got;

	while ((got = next_child(&reading->xml)) == MARKUP_START) {
		if (!take(reading))
			return false;
	}
	return got == MARKUP_END;
}

static bool open_part(struct reading *reading, struct slice name)
{
	return next_child(&reading->xml) == MARKUP_START &&
	       markup_is(&reading->xml, soap, name);
}

static bool take_envelope(struct reading *reading)
{
	return markup_next(&reading->xml) == MARKUP_START &&
	       markup_is(&reading->xml, soap, SLICE_LIT("Envelope")) &&
	       open_part(reading, SLICE_LIT("Header")) && take_children(reading, take_header) &&
	       open_part(reading, SLICE_LIT("Body")) &&
	       take_children(reading, take_body_child) &&
	       next_child(&reading->xml) == MARKUP_END &&
	       markup_next(&reading->xml) == MARKUP_DONE;
}

enum wsman_fault wsman_read(struct slice text, struct wsman_message *message, const char **why)
{
	struct reading reading = {.message = message, .why = why, .understands = true};

	memset(message, 0, sizeof(*message));
	message->action = WSMAN_OTHER_ACTION;
	markup_init(&reading.xml, text);
	if (!take_envelope(&reading))
		return fault(&reading,
			reading.xml.trouble != NULL ? reading.xml.trouble : "no such envelope");
	message->action = action_of(reading.action);
	if (!reading.understands) {
		*why = "a header that has to be understood";
		return WSMAN_FAULT_MUST_UNDERSTAND;
	}
	if (message->id[0] == '\0' || reading.action[0] == '\0')
		return fault(&reading, "no message id, or no action");
	if (message->action == WSMAN_OTHER_ACTION) {
		*why = "an action that is not supported";
		return WSMAN_FAULT_ACTION;
	}
	return WSMAN_FAULT_NONE;
}

/* ---- events ------------------------------------------------------------------------ */

static struct slice trim(struct slice text)
{
	while (text.len > 0 && is_blank(slice_head(text, 1)))
		text = slice_from(text, 1);
	while (text.len > 0 && is_blank(slice_from(text, text.len - 1)))
		text.len--;
	return text;
}

/* Text in runs and sections, put together. `xml` is behind the event's start. */
static struct slice join_text(struct markup *xml, struct strbuf *scratch)
{
	strbuf_reset(scratch);
	while (markup_next(xml) == MARKUP_TEXT) {
		if (xml->is_cdata)
			strbuf_add(scratch, xml->content);
		else
			(void)!markup_decode(xml->content, scratch);
	}
	return trim(strbuf_slice(scratch));
}

/* One section and nothing else: as it is. */
static bool is_one_section(struct slice inside, struct slice *event)
{
	const struct slice start = SLICE_LIT("<![CDATA["), end = SLICE_LIT("]]>");

	if (!slice_starts(inside, start) || slice_search(inside, end) + end.len != inside.len)
		return false;
	*event = slice_of(inside.ptr + start.len, inside.len - start.len - end.len);
	return true;
}

bool wsman_next_event(
	struct wsman_message *message, struct strbuf *scratch, struct slice *event)
{
	struct markup start;
	struct slice inside;

	if (message->n_events == 0 || next_child(&message->events) != MARKUP_START)
		return false;
	start = message->events;
	if (!markup_take_inside(&message->events, &inside))
		return false;
	inside = trim(inside);
	if (is_one_section(inside, event))
		*event = trim(*event);
	else if (slice_starts(inside, SLICE_LIT("<")) &&
		 !slice_starts(inside, SLICE_LIT("<![CDATA[")))
		*event = inside;
	else
		*event = join_text(&start, scratch);
	return true;
}

uint64_t wsman_dropped(struct slice event)
{
	/* Outside of its envelope the prefix is not bound. */
	const size_t name = slice_search(event, SLICE_LIT("DroppedEvents"));
	const size_t tag = slice_find(event, '>');
	uint64_t count;

	if (event.len > DROPPED_MAX || name > PREFIX_MAX || tag == event.len)
		return 0;
	const struct slice rest = slice_from(event, tag + 1);
	return slice_to_u64(trim(slice_head(rest, slice_find(rest, '<'))), UINT32_MAX, &count)
		       ? count
		       : 0;
}
