#include "collector/normalize/own/written.h"

#include "collector/normalize/own/pattern.h"

#define AT(member) offsetof(struct written_pattern, member)
static const struct setting pattern_table[] = {
	{"match", SETTING_TEXT, AT(match), NULL, 0, OWN_PATTERN_MAX, "The pattern."},
	{"set", SETTING_PAIRS, AT(set), "{}", 0, 50,
		"Constants of lines that fit; they win over those of the file."},
	{0},
};
#undef AT

#define AT(member) offsetof(struct written_values, member)
static const struct setting values_table[] = {
	{"from", SETTING_TEXT, AT(from), NULL, 1, 200, "A field that a pattern reads."},
	{"to", SETTING_TEXT, AT(to), NULL, 1, 200, "The field that the table fills."},
	{"table", SETTING_PAIRS, AT(table), NULL, 1, 1000, "The product's words and ours."},
	{"otherwise", SETTING_TEXT, AT(otherwise), "", 0, 200, "For all other words."},
	{0},
};
#undef AT

#define AT(member) offsetof(struct written_sample, member)
static const struct setting sample_table[] = {
	{"line", SETTING_TEXT, AT(line), NULL, 1, 1 << 16, "A line as the product writes it."},
	{"fits", SETTING_FLAG, AT(fits), "true", 0, 0,
		"false: a line that the format must leave alone."},
	{"fields", SETTING_PAIRS, AT(fields), "{}", 0, 200, "What is read of it."},
	{0},
};
#undef AT

#define AT(member) offsetof(struct written_format, member)
const struct setting written_format_table[] = {
	{"number", SETTING_COUNT, AT(number), NULL, OWN_NUMBER_MIN, OWN_NUMBER_MAX,
		"Of the format in the store: for ever, and no other's."},
	{"summary", SETTING_TEXT, AT(summary), NULL, 1, 100, "One line for --list."},
	{"source", SETTING_TEXT, AT(source), "own format", 1, 200, "Where it is defined."},
	{"module", SETTING_TEXT, AT(module), "", 0, 40, "event.module; the file's name."},
	{"programs", SETTING_TEXTS, AT(programs), "[]", 0, OWN_PROGRAMS_MAX,
		"Programs of syslog messages that have this format."},
	{"lines", SETTING_FLAG, AT(lines), "false", 0, 0,
		"Tried on all lines of sources that name no format."},
	{"messages", SETTING_FLAG, AT(messages), "false", 0, 0,
		"Tried on syslog messages of programs without a format of their own."},
	{"time-zone", SETTING_TEXT, AT(zone), "", 0, 60,
		"Of stamps without one; that of the source."},
	{"continues", SETTING_TEXTS, AT(continues), "[]", 0, 16,
		"A line that begins with one of these goes on with the record before."},
	{"prefix", SETTING_TEXT, AT(prefix), "", 0, OWN_PATTERN_MAX,
		"What every pattern begins with."},
	{"set", SETTING_PAIRS, AT(set), "{}", 0, 50, "Constants of every line that fits."},
	{"names", SETTING_PAIRS, AT(names), "{}", 0, 500,
		"Fields of the names in key=value and JSON tails."},
	{"values", SETTING_SECTIONS, AT(values), "[]", 0, 50, .table = values_table,
		.size = sizeof(struct written_values), .help = "Tables of words."},
	{"patterns", SETTING_SECTIONS, AT(patterns), NULL, 1, OWN_PATTERNS_MAX,
		.table = pattern_table, .size = sizeof(struct written_pattern),
		.help = "What lines look like."},
	{"samples", SETTING_SECTIONS, AT(samples), NULL, 1, 1000, .table = sample_table,
		.size = sizeof(struct written_sample),
		.help = "Lines that are tried when the file is loaded."},
	{0},
};
#undef AT
