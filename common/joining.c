#include "common/joining.h"

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

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

/* ---- lines of containers ----------------------------------------------------------------- */

/* Where a line of Docker's says of which stream it is; beyond its end when the part at hand has
 * it not. The text before is JSON, whose quotes are escaped. */
static size_t find_stream(struct slice line)
{
	return slice_search(line, SLICE_LIT("\",\"stream\":\"std"));
}

static bool is_docker(struct slice line)
{
	return slice_starts(line, SLICE_LIT("{\"log\":\""));
}

/* By its end, as much as is known of it: the text has no line end yet. */
static bool is_docker_part(struct slice line)
{
	size_t at = find_stream(line);

	return at < line.len && !slice_ends(slice_head(line, at), SLICE_LIT("\\n"));
}

static bool is_docker_stderr(struct slice line)
{
	return slice_starts(
		slice_from(line, find_stream(line)), SLICE_LIT("\",\"stream\":\"stderr"));
}

static struct slice last_line(struct slice lines)
{
	size_t at = lines.len;

	while (at > 0 && lines.ptr[at - 1] != '\n')
		at--;
	return slice_from(lines, at);
}

static bool goes_on_as_docker(struct slice before, struct slice line)
{
	struct slice last = last_line(before);

	return is_docker(line) && is_docker_part(last) &&
	       (find_stream(line) == line.len ||
		       is_docker_stderr(line) == is_docker_stderr(last));
}

/* "2026-03-07T03:00:00Z stdout P text" */
static bool is_cri(struct slice line, bool *last, bool *is_error)
{
	size_t at = slice_find(line, ' ');

	if (at == line.len || !is_digit(line.ptr[0]))
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

	return is_cri(line, &last, is_error) && !last;
}

static bool goes_on_as_part(struct joining *joining, struct slice line)
{
	bool last, is_error;

	if (!is_cri(line, &last, &is_error) || is_error != joining->is_error)
		return false;
	if (last)
		joining->inside = JOINING_TEXT;
	return true;
}

/* ---- what is closed by a line of its own ------------------------------------------------- */

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

/* ---- traces of exceptions -------------------------------------------------------------------
 */

static bool opens_traceback(struct slice line)
{
	return slice_starts(line, SLICE_LIT("Traceback (most recent call last):"));
}

static bool is_name_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || is_digit(byte) ||
	       byte == '.' || byte == '_' || byte == '$';
}

/* "java.sql.SQLException: no connection", "ValueError: z", "vn.gov.Failure": a name, and no
 * more or ": " behind it. */
static bool is_exception(struct slice line, bool certain)
{
	static const char *const ends[] = {
		"Exception", "Error", "Throwable", "Failure", "Interrupt", "Exit", "Warning"};
	size_t len = 0;

	while (len < line.len && is_name_byte(line.ptr[len]))
		len++;
	struct slice name = slice_head(line, len), rest = slice_from(line, len);
	if (len == 0 || (rest.len > 0 && !slice_starts(rest, SLICE_LIT(": ")) &&
				!slice_eq(rest, SLICE_LIT(":"))))
		return false;
	for (size_t i = 0; !certain && i < ARRAY_LEN(ends); i++)
		certain = slice_ends(name, slice_str(ends[i]));
	return certain;
}

/* "java.io.IOException: x": with a package, as Java prints it behind the line that logs it. */
static bool names_exception(struct slice line)
{
	struct slice name = slice_head(line, slice_find(line, ':'));

	return slice_find(name, '.') < name.len && is_exception(line, false);
}

static bool opens_trace(struct slice line)
{
	return slice_starts(line, SLICE_LIT("Exception in thread \"")) || names_exception(line);
}

/* "#0 /srv/www/a.php(12): f()" */
static bool is_php_frame(struct slice line)
{
	size_t at = 1;

	while (at < line.len && is_digit(line.ptr[at]))
		at++;
	return at > 1 && at < line.len && line.ptr[0] == '#' && line.ptr[at] == ' ';
}

/* Lines without a blank before them that go on with a record, whoever knows its first. */
static bool is_of_trace(const struct joining *joining, struct slice line)
{
	return (joining->n_lines > 1 && slice_starts(line, SLICE_LIT("Caused by: "))) ||
	       names_exception(line) || slice_eq(line, SLICE_LIT("Stack trace:")) ||
	       is_php_frame(line);
}

static bool goes_on_as_traceback(struct joining *joining, struct slice line)
{
	if (is_indented(line))
		return true;
	if (!is_exception(line, true))
		return false;
	joining->inside = JOINING_TRACED;
	return true;
}

/* "During handling of the above exception, ...", between blank lines, and the next traceback */
static bool goes_on_behind_traceback(struct joining *joining, struct slice line)
{
	if (opens_traceback(line)) {
		joining->inside = JOINING_TRACEBACK;
		return true;
	}
	return slice_trim(line).len == 0 ||
	       slice_starts(line, SLICE_LIT("During handling of the above exception")) ||
	       slice_starts(line, SLICE_LIT("The above exception was the direct cause"));
}

static bool goes_on_as_alert(struct joining *joining, struct slice line)
{
	if (opens_alert(line))
		return false;
	if (line.len == 0)
		joining->inside = JOINING_TEXT;
	return true;
}

static bool goes_on_as_xml(
	struct joining *joining, struct slice before, struct slice line, bool known)
{
	if (opens_xml(line) || (known && !is_indented(line)) ||
		slice_ends(slice_trim(before), SLICE_LIT("</Event>")))
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

static bool goes_on_as_text(struct joining *joining, struct slice line, bool known)
{
	if (known || !joining->claimed)
		return false;
	if (opens_traceback(line)) {
		joining->inside = JOINING_TRACEBACK;
		return true;
	}
	return is_indented(line) || is_of_trace(joining, line);
}

/* The boundary was drawn by chance: nothing a client sends is one. */
static bool goes_on_as_audit(struct joining *joining, struct slice line)
{
	if (is_boundary(line, 'A'))
		return false;
	if (is_boundary(line, 'B'))
		joining->inside = JOINING_AUDITED;
	if (is_boundary(line, 'Z'))
		joining->inside = JOINING_TEXT;
	return true;
}

/* ---- entries of databases and packages --------------------------------------------------- */

static const struct slice slow_user = {SLICE_BYTES("# User@Host: ")};
static const struct slice history_start = {SLICE_BYTES("Start-Date: ")};
static const struct slice history_end = {SLICE_BYTES("End-Date: ")};

/* From "# User@Host" to the next; the Time before it, which only the first of a second has, is
 * a record of its own: SET timestamp says it again. The server's opening names its program. */
static bool goes_on_as_slow(struct slice before, struct slice line, bool known)
{
	if (slice_starts(line, SLICE_LIT("# Time: ")) ||
		slice_ends(line, SLICE_LIT(" started with:")))
		return false;
	if (slice_starts(line, slow_user)) /* in a statement that has not ended */
		return !slice_ends(slice_trim(before), SLICE_LIT(";"));
	return !known || slice_starts(line, SLICE_LIT("# ")) ||
	       slice_starts(line, SLICE_LIT("SET timestamp="));
}

/* "Commandline: apt upgrade", "Upgrade: libssl3:amd64 (3.0.1, 3.0.2)" */
static bool goes_on_as_history(struct joining *joining, struct slice line)
{
	if (line.len == 0 || slice_starts(line, history_start))
		return false;
	if (slice_starts(line, history_end))
		joining->inside = JOINING_TEXT;
	return true;
}

/* ---- all of them ------------------------------------------------------------------------- */

void joining_begin(struct joining *joining, struct slice line, bool claimed)
{
	joining->n_lines = 1;
	joining->claimed = claimed || opens_trace(line);
	joining->inside = JOINING_TEXT;
	if (opens_traceback(line))
		joining->inside = JOINING_TRACEBACK;
	else if (slice_eq(line, SLICE_LIT("{")))
		joining->inside = JOINING_JSON;
	else if (opens_xml(line))
		joining->inside = JOINING_XML;
	else if (is_docker(line))
		joining->inside = JOINING_DOCKER;
	else if (opens_part(line, &joining->is_error))
		joining->inside = JOINING_PARTS;
	else if (is_boundary(line, 'A'))
		joining->inside = JOINING_AUDIT;
	else if (opens_alert(line))
		joining->inside = JOINING_ALERT;
	else if (slice_starts(line, slow_user))
		joining->inside = JOINING_SLOW;
	else if (slice_starts(line, history_start))
		joining->inside = JOINING_HISTORY;
}

/* "<34>...", "Mar  7 10:00:00 host ..." */
static bool is_syslog(struct slice line)
{
	size_t end = slice_find(line, '>');

	if (end > 1 && end <= 4 && end < line.len && line.ptr[0] == '<' &&
		is_digit(line.ptr[1]))
		return true;
	return line.len > 16 && line.ptr[3] == ' ' && line.ptr[6] == ' ' &&
	       line.ptr[9] == ':' && line.ptr[12] == ':' && is_digit(line.ptr[14]) &&
	       line.ptr[15] == ' ' && line.ptr[0] >= 'A' && line.ptr[0] <= 'Z';
}

/* Whether the line is none of what was begun, whoever wrote its first line: statements, scripts
 * and requests may hold objects of JSON, but no head of syslog. */
static bool stands_alone(const struct joining *joining, struct slice line)
{
	switch (joining->inside) {
	case JOINING_AUDIT:
	case JOINING_HISTORY:
		return joining_is_whole(line);
	case JOINING_XML:
	case JOINING_ALERT:
	case JOINING_SLOW:
		return is_syslog(line);
	case JOINING_TEXT:
	case JOINING_JSON:
	case JOINING_DOCKER:
	case JOINING_PARTS:
	case JOINING_AUDITED:
	case JOINING_TRACEBACK:
	case JOINING_TRACED:
		break;
	}
	return false;
}

static bool goes_on(struct joining *joining, struct slice before, struct slice line, bool known)
{
	if (stands_alone(joining, line))
		return false;
	switch (joining->inside) {
	case JOINING_XML:
		return goes_on_as_xml(joining, before, line, known);
	case JOINING_JSON:
		return goes_on_as_json(joining, line);
	case JOINING_DOCKER:
		return goes_on_as_docker(before, line);
	case JOINING_PARTS:
		return goes_on_as_part(joining, line);
	case JOINING_AUDIT:
	case JOINING_AUDITED:
		return goes_on_as_audit(joining, line);
	case JOINING_ALERT:
		return !known && goes_on_as_alert(joining, line);
	case JOINING_SLOW:
		return goes_on_as_slow(before, line, known);
	case JOINING_HISTORY:
		return goes_on_as_history(joining, line);
	case JOINING_TRACEBACK:
		return !known && goes_on_as_traceback(joining, line);
	case JOINING_TRACED:
		return !known && goes_on_behind_traceback(joining, line);
	case JOINING_TEXT:
		break;
	}
	return goes_on_as_text(joining, line, known);
}

bool joining_take(struct joining *joining, struct slice before, struct slice line, bool known)
{
	if (joining->n_lines == 0 || joining->n_lines == JOINED_LINES_MAX ||
		!goes_on(joining, before, line, known))
		return false;
	joining->n_lines++;
	return true;
}

/* ---- lines that stand alone -------------------------------------------------------------- */

bool joining_is_whole(struct slice line)
{
	bool last, is_error;

	if (is_docker(line))
		return find_stream(line) < line.len && !is_docker_part(line);
	if (is_cri(line, &last, &is_error))
		return last;
	return is_syslog(line) ||
	       (line.len > 1 && line.ptr[0] == '{' && slice_ends(line, SLICE_LIT("}")));
}
