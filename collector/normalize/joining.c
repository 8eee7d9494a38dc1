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

/* One part of a container's line, by Docker or by Kubernetes (CRI). */
static bool is_part(struct slice line, bool *last, bool *is_error)
{
	size_t at = slice_search(line, SLICE_LIT("\",\"stream\":\"std"));

	if (slice_starts(line, SLICE_LIT("{\"log\":\"")) && at < line.len) {
		*last = slice_ends(slice_head(line, at), SLICE_LIT("\\n"));
		*is_error =
			slice_starts(slice_from(line, at), SLICE_LIT("\",\"stream\":\"stderr"));
		return true;
	}
	at = slice_find(line, ' ');
	if (at == line.len || line.ptr[0] < '0' || line.ptr[0] > '9')
		return false;
	line = slice_from(line, at);
	*is_error = slice_starts(line, SLICE_LIT(" stderr "));
	if (!*is_error && !slice_starts(line, SLICE_LIT(" stdout ")))
		return false;
	line = slice_from(line, sizeof(" stdout ") - 1);
	*last = slice_eq(line, SLICE_LIT("F")) || slice_starts(line, SLICE_LIT("F "));
	return *last || slice_starts(line, SLICE_LIT("P "));
}

static bool opens_part(struct slice line, bool *is_error)
{
	bool last;

	return is_part(line, &last, is_error) && !last;
}

/* "--a1b2c3d4-A--" */
static bool is_boundary(struct slice line, char part)
{
	const char end[] = {'-', part, '-', '-'};

	return slice_starts(line, SLICE_LIT("--")) && line.len > 6 + sizeof(end) &&
	       line.len < 48 && slice_ends(line, slice_of(end, sizeof(end))) &&
	       slice_find(line, ' ') == line.len;
}

/* "[**] [1:2003:8] NAME [**]" */
static bool opens_alert(struct slice line)
{
	return slice_starts(line, SLICE_LIT("[**] [")) && slice_ends(line, SLICE_LIT(" [**]"));
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
	else if (opens_part(line, &joining->is_error))
		joining->inside = JOINING_PARTS;
	else if (is_boundary(line, 'A'))
		joining->inside = JOINING_AUDIT;
	else if (opens_alert(line))
		joining->inside = JOINING_ALERT;
}

static bool goes_on_as_alert(struct joining *joining, struct slice line)
{
	if (opens_alert(line))
		return false;
	if (line.len == 0)
		joining->inside = JOINING_TEXT;
	return true;
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

static bool goes_on_as_part(struct joining *joining, struct slice line)
{
	bool last, is_error;

	if (!is_part(line, &last, &is_error) || is_error != joining->is_error)
		return false;
	if (last)
		joining->inside = JOINING_TEXT;
	return true;
}

/* The boundary was drawn by chance: nothing a client sends is one. */
static bool goes_on_as_audit(struct joining *joining, struct slice line)
{
	if (is_boundary(line, 'A'))
		return false;
	if (is_boundary(line, 'Z'))
		joining->inside = JOINING_TEXT;
	return true;
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
	case JOINING_PARTS:
		goes_on = goes_on_as_part(joining, line);
		break;
	case JOINING_AUDIT:
		goes_on = goes_on_as_audit(joining, line);
		break;
	case JOINING_ALERT:
		goes_on = !claimed && goes_on_as_alert(joining, line);
		break;
	case JOINING_TEXT:
		goes_on = goes_on_as_text(joining, line, claimed);
		break;
	}
	joining->n_lines += goes_on;
	return goes_on;
}
