#include "agent/inputs/file_settings.h"

#include "agent/inputs/line_rule.h"
#include "agent/inputs/source_word.h"
#include "common/chunk.h"

#define AT(member) offsetof(struct file_settings, member)

static const char *const begin_names[] = {"start", "end", NULL};
static const char *const by_names[] = {"line", "start", "blank", "auto", NULL};

static const struct setting multiline_table[] = {
	{"by", SETTING_CHOICE, AT(multiline.by) - AT(multiline), "line", 0, 0,
		"What a record is: each line; or all lines from one that matches 'start' to "
		"the next; or a line with those after it that begin with a blank; or 'auto', "
		"what belongs together by its text: traces of exceptions, parts of a "
		"container's line, entries of a slow query log, events of XML and JSON on "
		"several lines. 'auto' is for logs of applications, databases and containers; "
		"the last line of a file then waits for what may follow.",
		by_names},
	{"start", SETTING_TEXT, AT(multiline.start) - AT(multiline), "", 0, 1024,
		"Regular expression (PCRE) of lines that begin a record."},
	{"lines-max", SETTING_COUNT, AT(multiline.lines_max) - AT(multiline), "500", 1, 100000,
		"A record has no more lines; the next begins another one."},
	{"wait", SETTING_DURATION, AT(multiline.wait_ms) - AT(multiline), "2s", 10, 600000,
		"A record is complete when nothing follows for so long."},
	{0},
};

static const struct setting group_table[] = {
	{"paths", SETTING_PATHS, AT(paths), NULL, 1, 0,
		"Patterns of files: * and ? stay inside a folder's name, [a-z] is a choice. "
		"Rotated generations (.1, -20261122, .gz) belong to their log and need no "
		"pattern. A symbolic link, also of a folder on the way, is followed when root, "
		"the agent's user or the owner of what it points to made it.",
		.example = "[/var/log/auth.log, /var/log/nginx/*.log]"},
	{"exclude", SETTING_TEXTS, AT(exclude), NULL, 0, 0,
		"Patterns of files to leave out; without a slash they mean the name alone.",
		.example = "[\"*.tmp\"]"},
	{"format", SETTING_TEXT, AT(format), "auto", 1, CHUNK_WORD_MAX,
		"The parser the collector uses; 'auto' lets it find out."},
	{"zone", SETTING_TEXT, AT(zone), "", 0, 63,
		"Zone of stamps that have none: Asia/Ho_Chi_Minh, UTC, an offset like +07:00 "
		"or UTC+7 (+ is to the east), or a name like Europe/Berlin; empty: the "
		"province's."},
	{"charset", SETTING_TEXT, AT(charset), "", 0, 16,
		"Character set of the text: utf-8, windows-1258, tcvn3, vni, utf-16le or "
		"utf-16be; empty: utf-8, or UTF-16 where a file begins with its mark."},
	{"begin", SETTING_CHOICE, AT(begin), "start", 0, 0,
		"Where a file found at the very first start is begun. Files that appear later "
		"are read from their start. Of one begun at its end, lines at its head that "
		"name its columns are read all the same.",
		begin_names},
	{"record-max", SETTING_BYTES, AT(record_max), "64KiB", 256, CHUNK_ITEM_MAX,
		"Longer records are cut; their length is kept."},
	{"unfinished", SETTING_DURATION, AT(unfinished_ms), "5s", 10, 3600000,
		"A last line without newline that does not grow for so long is taken as it "
		"is."},
	{"rotated", SETTING_DURATION, AT(rotated_ms), "2s", 10, 600000,
		"A rotated file must be silent for so long before the next one is begun."},
	{"test", SETTING_FLAG, AT(test), "false", 0, 0,
		"Records of a drill: marked, kept out of statistics."},
	{"multiline", SETTING_SECTION, AT(multiline), NULL, 0, 0,
		"Records of several lines (stack traces).", .table = multiline_table},
	{0},
};

const struct setting files_settings_table[] = {
	{"open-max", SETTING_COUNT, offsetof(struct files_settings, open_max), "256", 1, 100000,
		"Files kept open while nothing happens in them."},
	{"files-max", SETTING_COUNT, offsetof(struct files_settings, files_max), "10000", 1,
		1000000,
		"No more files are followed, whoever makes them in a folder of logs; one that "
		"is left out is counted, and the collector is told."},
	{"poll", SETTING_DURATION, offsetof(struct files_settings, poll_ms), "10s", 100,
		3600000,
		"All files are looked at so often even when the kernel told of no change; "
		"every second where a folder cannot be watched."},
	{"groups", SETTING_SECTIONS, offsetof(struct files_settings, groups), NULL, 0, 1000,
		"Log files, in groups that are read alike. A file belongs to the first group "
		"that wants it.",
		.table = group_table, .size = sizeof(struct file_settings),
		.example = "- paths: [/var/log/auth.log, /var/log/syslog]"},
	{0},
};

bool file_settings_check(const struct file_settings *settings, struct err *err)
{
	bool has_start = settings->multiline.start[0] != '\0';
	struct source_words words;
	struct line_rule *rule;

	if (!source_words_make(
		    settings->format, settings->zone, settings->charset, &words, err))
		return false;
	if (settings->multiline.by == LINE_RULE_START && !has_start)
		return err_set(err, "'by: start' needs an expression in 'start'");
	if (settings->multiline.by != LINE_RULE_START && has_start)
		return err_set(err, "'start' is used with 'by: start' only");
	if (!line_rule_new((enum line_rule_kind)settings->multiline.by,
		    settings->multiline.start, settings->multiline.lines_max, &rule, err))
		return false;
	line_rule_free(rule);
	return true;
}
