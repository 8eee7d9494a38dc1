/* A settings table that uses every kind; for test_conf.c and fuzz_conf.c. */
#ifndef TESTS_COMMON_CONF_SAMPLE_H
#define TESTS_COMMON_CONF_SAMPLE_H

#include "common/setting.h"

struct sample_limits {
	uint64_t memory, wait_ms;
	uint32_t peers;
};

struct sample_rule {
	const char *word;
	uint32_t weight;
	int action;
	struct sample_limits limits;
	struct setting_texts hosts;
};

struct sample_input {
	const char *path, *format;
	bool follow;
	struct setting_sections rules;
};

struct sample {
	const char *name, *note, *key, *empty_path;
	bool fast;
	uint32_t port;
	uint64_t quota, age_ms;
	int level;
	struct setting_texts tags, names;
	struct setting_texts folders;
	struct sample_limits limits;
	struct setting_sections inputs;
	struct setting_texts peers;
};

static const char *const sample_levels[] = {"error", "warn", "info", "debug", NULL};
static const char *const sample_actions[] = {"keep", "drop", NULL};

#define AT(member) offsetof(struct sample_limits, member)
static const struct setting sample_limits_table[] = {
	{"memory", SETTING_BYTES, AT(memory), "64MiB", 1 << 20, UINT64_C(1) << 40,
		"Memory it may use."},
	{"wait", SETTING_DURATION, AT(wait_ms), "30s", 0, 3600 * 1000, "How long it waits."},
	{"peers", SETTING_COUNT, AT(peers), "10", 1, 1000, "How many it talks to."},
	{0},
};
#undef AT

#define AT(member) offsetof(struct sample_rule, member)
static const struct setting sample_rule_table[] = {
	{"word", SETTING_TEXT, AT(word), .example = "sshd", .help = "Word it looks for."},
	{"weight", SETTING_COUNT, AT(weight), "1", .help = "What it counts."},
	{"action", SETTING_CHOICE, AT(action), "keep", .choices = sample_actions,
		.help = "What happens then."},
	{"limits", SETTING_SECTION, AT(limits), .table = sample_limits_table,
		.help = "Its own limits."},
	{"hosts", SETTING_TEXTS, AT(hosts), "[web, \"db 1\"]", .help = "Where it holds.",
		.example = "- web"},
	{0},
};
#undef AT

#define AT(member) offsetof(struct sample_input, member)
static const struct setting sample_input_table[] = {
	{"path", SETTING_PATH, AT(path), .example = "/var/log/auth.log",
		.help = "File to read."},
	{"format", SETTING_TEXT, AT(format), "auto", 1, 20, "Parser of its lines."},
	{"follow", SETTING_FLAG, AT(follow), "yes", .help = "Read what is added."},
	{"rules", SETTING_SECTIONS, AT(rules), .table = sample_rule_table,
		.size = sizeof(struct sample_rule), .help = "What it looks for."},
	{0},
};
#undef AT

#define AT(member) offsetof(struct sample, member)
static const struct setting sample_table[] = {
	{"name", SETTING_TEXT, AT(name), "T\u1ec9nh \"m\u1eabu\"", 1, 40,
		"Name of the province, as it stands in reports. A sentence long enough that it "
		"has to be broken into lines. Gi\u1eef nguy\u00ean d\u1ea5u ti\u1ebfng "
		"Vi\u1ec7t "
		"khi xu\u1ed1ng d\u00f2ng."},
	{"note", SETTING_TEXT, AT(note), "", .help = "A free text."},
	{"key", SETTING_PATH, AT(key), "pki/key.pem", .help = "Private key."},
	{"empty-path", SETTING_PATH, AT(empty_path), "", .help = "Nothing means none."},
	{"fast", SETTING_FLAG, AT(fast), "false", .help = "Hurry."},
	{"port", SETTING_COUNT, AT(port), "6514", 1, 65535, "TCP port."},
	{"quota", SETTING_BYTES, AT(quota), "2GiB", 1 << 20, 0, "Disk space."},
	{"age", SETTING_DURATION, AT(age_ms), "90d", .help = "How long it is kept."},
	{"level", SETTING_CHOICE, AT(level), "info", .choices = sample_levels,
		.help = "What is logged."},
	{"tags", SETTING_TEXTS, AT(tags), .max = 3, .example = "- web\n- mail",
		.help = "Words of your own."},
	{"names", SETTING_TEXTS, AT(names), "[a, 'b c']", .help = "Two by default."},
	{"folders", SETTING_PATHS, AT(folders), "[rules, /etc/soc]",
		.help = "Folders of rules."},
	{"limits", SETTING_SECTION, AT(limits), .table = sample_limits_table,
		.help = "Limits."},
	{"inputs", SETTING_SECTIONS, AT(inputs), .max = 4, .table = sample_input_table,
		.size = sizeof(struct sample_input),
		.example = "- path: /var/log/syslog\n  format: rfc3164",
		.help = "What is read."},
	{"peers", SETTING_TEXTS, AT(peers), .help = "Nobody by default."},
	{0},
};
#undef AT

#endif
