#include "agent/inputs/file_record.h"

#include <assert.h>

void file_scan_start(struct file_scan *scan, uint64_t offset)
{
	*scan = (struct file_scan){.start = offset, .line = offset, .seen = offset};
}

uint64_t file_scan_needs(const struct file_scan *scan)
{
	bool undecided = scan->line > scan->start && !scan->line_known;

	return undecided ? scan->line : scan->seen;
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

/* Rules are written in UTF-8. `line` has FILE_PROBE_MAX bytes at most. */
static bool begins(const struct line_rule *rule, enum charset charset, struct slice line)
{
	char text[FILE_PROBE_MAX * CHARSET_GROWTH];
	struct charset_outcome outcome;

	if (charset == CHARSET_UTF_8)
		return line_rule_begins(rule, line);
	size_t len = charset_decode(charset, line, text, &outcome);
	return line_rule_begins(rule, slice_of(text, len));
}

/* Does the line at scan->line go on with the record? */
static enum decision decide(const struct file_scan *scan, const struct line_rule *rule,
	enum charset charset, struct slice block, uint64_t at)
{
	if (scan->line == scan->start || scan->line_known)
		return BELONGS;
	if (scan->lines >= line_rule_lines_max(rule))
		return BEGINS;

	struct slice rest = slice_from(block, (size_t)(scan->line - at));
	size_t len = charset_find_newline(charset, rest);
	if (len == rest.len && len < FILE_PROBE_MAX)
		return UNDECIDED;
	if (len > FILE_PROBE_MAX)
		len = FILE_PROBE_MAX;
	return begins(rule, charset, slice_head(rest, len)) ? BEGINS : BELONGS;
}

static bool next_lines(struct file_scan *scan, const struct line_rule *rule,
	enum charset charset, struct slice block, uint64_t at, struct file_record *record)
{
	for (;;) {
		switch (decide(scan, rule, charset, block, at)) {
		case UNDECIDED:
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

	end_record(scan, scan->line - charset_unit(charset), scan->line, record);
	file_scan_start(scan, record->next);
	scan->seen = seen;
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
