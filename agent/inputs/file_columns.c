#include "agent/inputs/file_columns.h"

#include "common/separated.h"

static bool is_directive(struct slice line)
{
	return line.len > 1 && line.ptr[0] == '#' && separated_is_letter(line.ptr[1]);
}

static struct slice without_return(struct slice line)
{
	return line.len > 0 && line.ptr[line.len - 1] == '\r' ? slice_head(line, line.len - 1)
							      : line;
}

bool file_columns_next(struct slice head, uint64_t at, struct file_record *record)
{
	if (at >= head.len)
		return false;
	const struct slice rest = slice_from(head, (size_t)at);
	const struct slice line = slice_head(rest, slice_find(rest, '\n'));
	const struct slice text = separated_without_mark(without_return(line));

	if (line.len == rest.len || (!is_directive(text) && (at > 0 || !separated_names(text))))
		return false;
	*record = (struct file_record){
		.start = at, .len = line.len, .next = at + line.len + 1, .lines = 1};
	return true;
}
