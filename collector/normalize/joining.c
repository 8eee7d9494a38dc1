#include "collector/normalize/joining.h"

static bool is_indented(struct slice line)
{
	return line.len > 1 && (line.ptr[0] == ' ' || line.ptr[0] == '\t');
}

static bool holds(struct slice line, struct slice text)
{
	return slice_search(line, text) < line.len;
}

static bool opens_xml(struct slice line)
{
	line = slice_trim(line);
	return (slice_starts(line, SLICE_LIT("<Event>")) ||
		       slice_starts(line, SLICE_LIT("<Event "))) &&
	       !holds(line, SLICE_LIT("</Event>"));
}

void joining_begin(struct joining *joining, struct slice line, bool claimed)
{
	joining->n_lines = 1;
	joining->claimed = claimed || slice_starts(line, SLICE_LIT("Traceback (most recent "));
	joining->inside = JOINING_TEXT;
	if (slice_eq(line, SLICE_LIT("{")))
		joining->inside = JOINING_JSON;
	else if (opens_xml(line))
		joining->inside = JOINING_XML;
}

static bool goes_on_as_xml(struct joining *joining, struct slice line, bool claimed)
{
	if (opens_xml(line) || (claimed && !is_indented(line)))
		return false;
	if (holds(line, SLICE_LIT("</Event>")))
		joining->inside = JOINING_TEXT;
	return true;
}

static bool goes_on_as_json(struct joining *joining, struct slice line)
{
	if (line.len > 0 && line.ptr[0] == '}') {
		joining->inside = JOINING_TEXT;
		return true;
	}
	return is_indented(line);
}

/* Java's "Caused by: ..." behind the indented lines of a trace, as other virtual machines. */
static bool goes_on_as_text(const struct joining *joining, struct slice line, bool claimed)
{
	if (claimed || !joining->claimed)
		return false;
	return is_indented(line) ||
	       (joining->n_lines > 1 && slice_starts(line, SLICE_LIT("Caused by: ")));
}

bool joining_take(struct joining *joining, struct slice line, bool claimed)
{
	bool goes_on = false;

	if (joining->n_lines == 0 || joining->n_lines == JOINED_LINES_MAX)
		return false;
	switch (joining->inside) {
	case JOINING_XML:
		goes_on = goes_on_as_xml(joining, line, claimed);
		break;
	case JOINING_JSON:
		goes_on = goes_on_as_json(joining, line);
		break;
	case JOINING_TEXT:
		goes_on = goes_on_as_text(joining, line, claimed);
		break;
	}
	joining->n_lines += goes_on;
	return goes_on;
}
