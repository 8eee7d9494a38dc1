#include <stddef.h>

#include "collector/detect/indicators/indicators.h"

#define AT(member) offsetof(struct indicator_list, member)
static const struct setting list_table[] = {
	{"path", SETTING_PATH, AT(path), NULL, 1, 0,
		"A file, or a folder of which every *.txt, .csv, .tsv, .json, .list, .lst, "
		".ioc, "
		".stix, .netset and .ipset is read.",
		.example = "/var/lib/soc/lists/phishing.txt"},
	{"name", SETTING_TEXT, AT(name), "", 0, 100,
		"What matches call it; empty: the name of the file or folder."},
	{"format", SETTING_TEXT, AT(format), "auto", 1, 20,
		"auto, warning-list, misp, stix, maltrail, csv or plain."},
	{"class", SETTING_TEXT, AT(class_name), "", 0, 40,
		"The class that its matches count in, of classes.yaml (malware, phishing, "
		"...); "
		"empty: as the list says."},
	{"confidence", SETTING_COUNT, AT(confidence), "101", 0, 101,
		"0 to 100, whatever the list says; 101: as it says, 50 where it says nothing."},
	{"time-to-live", SETTING_DURATION, AT(ttl_ms), "0", 0, 0,
		"How long an indicator without an end of its own holds, from when it was first "
		"seen, or its file written; 0: as long as it is in the list."},
	{0},
};
#undef AT

#define AT(member) offsetof(struct indicators_settings, member)
const struct setting indicators_settings_table[] = {
	{"lists", SETTING_SECTIONS, AT(lists), NULL, 0, 1000, "Lists of indicators.",
		.table = list_table, .size = sizeof(struct indicator_list),
		.example = "- path: /var/lib/soc/lists/phishing.txt\n  class: phishing"},
	{"warning-lists", SETTING_PATHS, AT(warning_lists), "[]", 0, 100,
		"Files and folders of warning lists in MISP's format: what stands there "
		"(public "
		"resolvers, CDNs, top sites, ...) is no match."},
	{"own", SETTING_TEXTS, AT(own), "[]", 0, 100000,
		"Prefixes and domains of our own, with all below them, that never match.",
		.example = "[203.0.113.0/24, danang.gov.vn]"},
	{"indicators-max", SETTING_COUNT, AT(indicators_max), "2000000", 1, INDICATORS_MAX,
		"How many are held; those beyond are refused and counted."},
	{"memory-max", SETTING_BYTES, AT(memory_max), "256MiB", 1 << 20, UINT64_C(4) << 30,
		"Memory that they take; what is beyond is refused and counted."},
	{"public-suffixes", SETTING_PATH, AT(public_suffixes),
		"/usr/share/publicsuffix/public_suffix_list.dat", 0, 0,
		"The Public Suffix List: a domain of a list that is a public suffix holds for "
		"itself alone. Suffixes of .vn are built in."},
	{0},
};
#undef AT

struct indicators_settings indicators_settings_standard(void)
{
	return (struct indicators_settings){.indicators_max = 2000000,
		.memory_max = 256 << 20,
		.public_suffixes = "/usr/share/publicsuffix/public_suffix_list.dat"};
}
