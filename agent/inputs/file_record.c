#include "agent/inputs/file_record.h"

#include <assert.h>

void file_scan_start(struct file_scan *scan, uint64_t offset)
{
	*scan = (struct file_scan){.start = offset, .line = offset, .seen = offset};
}

uint64_t file_scan_needs(const struct file_scan *scan)
{
	bool undecided = scan->probing || (scan->line > scan->start && !scan->line_known);
	uint64_t at = undecided ? scan->line : scan->seen, before = at - scan->start;

	if (!scan->is_auto)
		return at;
	return at - (before < FILE_BEFORE_MAX ? before : FILE_BEFORE_MAX);
}

static bool end_record(
	struct file_scan *scan, uint64_t end, uint64_t next, struct file_record *record)
{
	*record = (struct file_record){
		.start = scan->start,
		.len = end - scan->start,
		.next = next,
		.lines = scan->lines,
	};
	return true;
}

/* Moves over the unfinished line; true when its LF was found. */
static bool finish_line(
	struct file_scan *scan, enum charset charset, struct slice block, uint64_t at)
{
	struct slice rest = slice_from(block, (size_t)(scan->seen - at));
	size_t len = charset_find_newline(charset, rest);

	if (len == rest.len) {
		scan->seen += len - len % charset_unit(charset);
		return false;
	}
	scan->seen += len + charset_unit(charset);
	scan->line = scan->seen;
	scan->line_known = false;
	scan->lines++;
	return true;
}

static bool next_line(struct file_scan *scan, enum charset charset, struct slice block,
	uint64_t at, struct file_record *record)
{
	if (!finish_line(scan, charset, block, at))
		return false;
	end_record(scan, scan->line - charset_unit(charset), scan->line, record);
	file_scan_start(scan, record->next);
	return true;
}

enum decision { BELONGS, BEGINS, UNDECIDED };

/* Rules are written in UTF-8. `text` has FILE_PROBE_MAX bytes at most; its decoded form stands
 * in `room` when it is another. */
static struct slice decoded(
	enum charset charset, struct slice text, char room[FILE_PROBE_MAX * CHARSET_GROWTH])
{
	struct charset_outcome outcome;

	if (charset == CHARSET_UTF_8)
		return text;
	return slice_of(room, charset_decode(charset, text, room, &outcome));
}

static struct slice without_return(struct slice line)
{
	return slice_head(line, line.len - slice_ends(line, SLICE_LIT("\r")));
}

/* The end of the record's lines before the one at scan->line, as far as it is asked for. */
static struct slice lines_before(
	const struct file_scan *scan, enum charset charset, struct slice block, uint64_t at)
{
	uint64_t needs = file_scan_needs(scan), from = needs > at ? needs : at;

	return slice_of(
		block.ptr + (from - at), (size_t)(scan->line - charset_unit(charset) - from));
}

static bool is_claimed(struct slice line)
{
	return line.len > 0 && line.ptr[0] != ' ' && line.ptr[0] != '\t';
}

/* LINE_RULE_AUTO, of the first line and of those behind it. */
static bool goes_on(struct file_scan *scan, enum charset charset, struct slice block,
	uint64_t at, struct slice probe)
{
	char room[FILE_PROBE_MAX * CHARSET_GROWTH],
		room_before[FILE_PROBE_MAX * CHARSET_GROWTH];
	struct slice line = without_return(decoded(charset, probe, room));

	if (scan->line == scan->start) {
		joining_begin(&scan->joining, line, is_claimed(line));
		scan->whole = joining_is_whole(line);
		return true;
	}
	struct slice before =
		decoded(charset, lines_before(scan, charset, block, at), room_before);
	return joining_take(&scan->joining, without_return(before), line, false);
}

static bool begins(const struct line_rule *rule, enum charset charset, struct slice probe)
{
	char room[FILE_PROBE_MAX * CHARSET_GROWTH];

	return line_rule_begins(rule, decoded(charset, probe, room));
}

/* Does the line at scan->line go on with the record? */
static enum decision decide(struct file_scan *scan, const struct line_rule *rule,
	enum charset charset, struct slice block, uint64_t at)
{
	if (scan->line_known || (scan->line == scan->start && !scan->is_auto))
		return BELONGS;
	if (scan->lines >= line_rule_lines_max(rule))
		return BEGINS;

	struct slice rest = slice_from(block, (size_t)(scan->line - at));
	size_t len = charset_find_newline(charset, rest);
	if (len == rest.len && len < FILE_PROBE_MAX)
		return UNDECIDED;
	struct slice probe = slice_head(rest, len < FILE_PROBE_MAX ? len : FILE_PROBE_MAX);
	if (scan->is_auto)
		return goes_on(scan, charset, block, at, probe) ? BELONGS : BEGINS;
	return begins(rule, charset, probe) ? BEGINS : BELONGS;
}

static bool next_lines(struct file_scan *scan, const struct line_rule *rule,
	enum charset charset, struct slice block, uint64_t at, struct file_record *record)
{
	for (;;) {
		scan->is_auto = line_rule_is_auto(rule);
		switch (decide(scan, rule, charset, block, at)) {
		case UNDECIDED:
			scan->probing = scan->is_auto;
			scan->seen = at + block.len -
				     (at + block.len - scan->line) % charset_unit(charset);
			return false;
		case BEGINS:
			end_record(
				scan, scan->line - charset_unit(charset), scan->line, record);
			file_scan_start(scan, record->next);
			return true;
		case BELONGS:
			scan->line_known = true;
			scan->probing = false;
			if (!finish_line(scan, charset, block, at))
				return false;
		}
	}
}

bool file_scan_next(struct file_scan *scan, const struct line_rule *rule, enum charset charset,
	struct slice block, uint64_t at, struct file_record *record)
{
	assert(at <= file_scan_needs(scan) && scan->seen <= at + block.len);
	return rule == NULL ? next_line(scan, charset, block, at, record)
			    : next_lines(scan, rule, charset, block, at, record);
}

/* The rule has not seen enough of the last line: better two records than a wrong join. */
static bool flush_finished_lines(
	struct file_scan *scan, enum charset charset, struct file_record *record)
{
	uint64_t seen = scan->seen;
	bool is_auto = scan->is_auto;

	end_record(scan, scan->line - charset_unit(charset), scan->line, record);
	file_scan_start(scan, record->next);
	scan->seen = seen;
	scan->is_auto = scan->probing = is_auto;
	return true;
}

bool file_scan_flush(struct file_scan *scan, enum charset charset, struct file_record *record)
{
	bool partial = file_scan_partial(scan);

	if (!file_scan_pending(scan))
		return false;
	if (partial && scan->line > scan->start && !scan->line_known)
		return flush_finished_lines(scan, charset, record);
	end_record(scan, partial ? scan->seen : scan->seen - charset_unit(charset), scan->seen,
		record);
	record->lines += partial;
	record->unterminated = partial;
	file_scan_start(scan, record->next);
	return true;
}
