/*
 * windows-xml - events of the Windows event log in XML, as the log itself renders them
 *
 *	<Event xmlns='...'><System><Provider Name='x'/><EventID>4625</EventID>...</System>
 *	<EventData><Data Name='TargetUserName'>an</Data>...</EventData></Event>
 *
 * Read from left to right; no tree, no document type, no entities but the five and numbers.
 */
#include "collector/normalize/families/winlog.h"
#include "collector/normalize/text/references.h"

enum {
	DEPTH_MAX = 8,
	UNNAMED_MAX = 9,
};

/* A tag, and the text that follows it. */
struct tag {
	struct slice name, attributes, text;
	bool end;   /* </name> */
	bool empty; /* <name/> */
};

struct reading {
	struct winlog *winlog;
	struct slice path[DEPTH_MAX]; /* open elements; deeper ones are counted only */
	unsigned depth;
	unsigned n_unnamed; /* <Data> without a name */
	bool broken;
};

/* ---- tags ------------------------------------------------------------------------------ */

static bool is_name_byte(char byte)
{
	return byte != ' ' && byte != '\t' && byte != '\r' && byte != '\n' && byte != '/' &&
	       byte != '>' && byte != '=';
}

/* The '>' that ends the tag; one inside quotes does not. */
static size_t tag_end(struct slice text)
{
	char quote = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (quote != 0)
			quote = text.ptr[i] == quote ? 0 : quote;
		else if (text.ptr[i] == '"' || text.ptr[i] == '\'')
			quote = text.ptr[i];
		else if (text.ptr[i] == '>')
			return i;
	}
	return text.len;
}

/* The next tag and the text behind it; processing instructions and comments are passed over. */
static bool take_tag(struct slice *rest, struct tag *tag)
{
	struct slice inside;
	size_t len = slice_find(*rest, '<');

	if (len == rest->len)
		return false;
	*rest = slice_from(*rest, len + 1);
	len = tag_end(*rest);
	if (len == rest->len)
		return false;
	inside = slice_head(*rest, len);
	*rest = slice_from(*rest, len + 1);
	tag->end = skip_byte(&inside, '/');
	tag->empty = inside.len > 0 && inside.ptr[inside.len - 1] == '/';
	len = 0;
	while (len < inside.len && is_name_byte(inside.ptr[len]))
		len++;
	tag->name = slice_head(inside, len);
	tag->attributes = slice_from(inside, len);
	tag->text = slice_head(*rest, slice_find(*rest, '<'));
	return true;
}

/* name="value" or name='value' */
static struct slice attribute(struct reading *reading, const struct tag *tag, struct slice name)
{
	struct slice rest = tag->attributes, key, value;

	while (take_until(&rest, '=', &key)) {
		char quote;

		rest = slice_trim(rest);
		if (rest.len == 0)
			return SLICE_NONE;
		quote = rest.ptr[0];
		if ((quote != '"' && quote != '\'') || !skip_byte(&rest, quote) ||
			!take_until(&rest, quote, &value))
			return SLICE_NONE;
		if (slice_eq_nocase(slice_trim(key), name))
			return put_references_in(reading->winlog->context, value);
	}
	return SLICE_NONE;
}

/* ---- meaning ---------------------------------------------------------------------------- */

static bool is_inside(const struct reading *reading, struct slice element)
{
	for (unsigned i = 0; i < reading->depth && i < DEPTH_MAX; i++) {
		if (slice_eq(reading->path[i], element))
			return true;
	}
	return false;
}

static void put_system(struct reading *reading, const struct tag *tag, struct slice text)
{
	struct winlog *winlog = reading->winlog;
	const struct {
		struct slice element, attribute;
		struct slice *to;
	} parts[] = {
		{{SLICE_BYTES("Provider")}, {SLICE_BYTES("Name")}, &winlog->provider},
		{{SLICE_BYTES("EventID")}, {0}, &winlog->event_id},
		{{SLICE_BYTES("Level")}, {0}, &winlog->level},
		{{SLICE_BYTES("TimeCreated")}, {SLICE_BYTES("SystemTime")}, &winlog->time},
		{{SLICE_BYTES("EventRecordID")}, {0}, &winlog->record_id},
		{{SLICE_BYTES("Correlation")}, {SLICE_BYTES("ActivityID")},
			&winlog->activity_id},
		{{SLICE_BYTES("Execution")}, {SLICE_BYTES("ProcessID")}, &winlog->pid},
		{{SLICE_BYTES("Execution")}, {SLICE_BYTES("ThreadID")}, &winlog->thread_id},
		{{SLICE_BYTES("Channel")}, {0}, &winlog->channel},
		{{SLICE_BYTES("Computer")}, {0}, &winlog->computer},
		{{SLICE_BYTES("Security")}, {SLICE_BYTES("UserID")}, &winlog->user_id},
	};

	if (slice_eq(tag->name, SLICE_LIT("Keywords")))
		winlog_take_keywords(winlog, text);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (!slice_eq(parts[i].element, tag->name))
			continue;
		struct slice value = slice_absent(parts[i].attribute)
					     ? text
					     : attribute(reading, tag, parts[i].attribute);
		if (value.len > 0)
			*parts[i].to = value;
	}
}

/* Data without a name is called by its place. */
static void put_data(struct reading *reading, const struct tag *tag, struct slice text)
{
	static const char names[UNNAMED_MAX][7] = {"param1", "param2", "param3", "param4",
		"param5", "param6", "param7", "param8", "param9"};
	struct slice name = tag->name;

	if (slice_eq(name, SLICE_LIT("Data")) || slice_eq(name, SLICE_LIT("ComplexData"))) {
		name = attribute(reading, tag, SLICE_LIT("Name"));
		if (slice_absent(name)) {
			if (reading->n_unnamed == UNNAMED_MAX)
				return;
			name = slice_str(names[reading->n_unnamed++]);
		}
	}
	if (text.len > 0)
		winlog_add_data(reading->winlog, name, text);
}

/* What the sender's language calls things; levels and keywords are known by number. */
static void put_rendering(struct reading *reading, const struct tag *tag, struct slice text)
{
	if (slice_eq(tag->name, SLICE_LIT("Message")))
		reading->winlog->message = text;
	else if (slice_eq(tag->name, SLICE_LIT("Task")) && text.len > 0)
		reading->winlog->task = text;
	else if (slice_eq(tag->name, SLICE_LIT("Keyword")))
		winlog_take_keywords(reading->winlog, text);
}

static void put_element(struct reading *reading, const struct tag *tag)
{
	struct slice text =
		tag->empty ? SLICE_LIT("")
			   : put_references_in(reading->winlog->context, slice_trim(tag->text));

	if (is_inside(reading, SLICE_LIT("System")))
		put_system(reading, tag, text);
	else if (is_inside(reading, SLICE_LIT("EventData")) ||
		 is_inside(reading, SLICE_LIT("UserData")))
		put_data(reading, tag, text);
	else if (is_inside(reading, SLICE_LIT("RenderingInfo")))
		put_rendering(reading, tag, text);
}

static void open_element(struct reading *reading, const struct tag *tag)
{
	if (reading->depth < DEPTH_MAX)
		reading->path[reading->depth] = tag->name;
	reading->depth++;
}

/* True when the event's own element was closed. */
static bool read_event(struct reading *reading, struct slice rest)
{
	struct tag tag;

	while (take_tag(&rest, &tag)) {
		if (tag.name.len == 0 || tag.name.ptr[0] == '?' || tag.name.ptr[0] == '!')
			continue;
		if (tag.end) {
			if (reading->depth <= 1)
				return reading->depth == 1;
			reading->depth--;
			continue;
		}
		put_element(reading, &tag);
		if (!tag.empty)
			open_element(reading, &tag);
	}
	return false;
}

/* "<Event>", "<?xml ...?><Event>", "- <Event" of a browser's view, "<Events><Event" */
static size_t event_at(struct slice text)
{
	struct slice start = slice_head(text, text.len < 256 ? text.len : 256);
	size_t at = slice_search(start, SLICE_LIT("<Event"));

	while (at + 6 < start.len && text.ptr[at + 6] != ' ' && text.ptr[at + 6] != '>') {
		struct slice behind = slice_from(start, at + 6);

		at += 6 + slice_search(behind, SLICE_LIT("<Event"));
	}
	return at + 6 < start.len ? at : text.len;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice text = context->message;

	if (text.len < 20 || (text.ptr[0] != '<' && text.ptr[0] != '-' && text.ptr[0] != ' '))
		return PARSED_NOT_MINE;
	size_t at = event_at(text);
	if (at >= text.len)
		return PARSED_NOT_MINE;
	struct winlog winlog = {.record = record, .context = context};
	struct reading reading = {.winlog = &winlog};
	bool whole = read_event(&reading, slice_from(text, at));
	if (slice_absent(winlog.event_id) || slice_absent(winlog.provider))
		return PARSED_NOT_MINE;
	winlog_put(&winlog);
	context->message = winlog.inner;
	return whole ? PARSED : PARSED_DAMAGED;
}

const struct parser parser_windows_xml = {
	.number = 25,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "windows-xml",
	.module = "windows",
	.summary = "Windows events in XML: forwarded, exported, Sysmon for Linux",
	.source = "Microsoft Learn, Windows Event Log schema",
	.first_bytes = "<- ",
	.parse = parse,
};
