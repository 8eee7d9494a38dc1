#include "collector/register/settings.h"

#include "collector/register/register.h"

#define AT(member) offsetof(struct written_attributes, member)
static const struct setting attributes_table[] = {
	{"from", SETTING_TEXT, AT(from), .example = "2025-07-01",
		.help = "First day these attributes hold, in the province's time."},
	{"identifier", SETTING_TEXT, AT(identifier), NULL, 1, AGENCY_IDENTIFIER_MAX,
		"Electronic identifier (mã định danh), new form H47.05 or old form "
		"000.00.12.H47.",
		.example = "H47.05"},
	{"name", SETTING_TEXT, AT(name), NULL, 1, 200, "Name in Vietnamese.",
		.example = "\"Sở Y tế\""},
	{"name-en", SETTING_TEXT, AT(name_en), "", 0, 200, "Name in English."},
	{"parent", SETTING_COUNT, AT(parent), "0",
		.help = "Number of the agency it belongs to; 0 for none."},
	{0},
};
#undef AT

#define AT(member) offsetof(struct written_level, member)
static const struct setting level_table[] = {
	{"from", SETTING_TEXT, AT(from), .example = "2026-07-01",
		.help = "First day of the new level."},
	{"level", SETTING_COUNT, AT(level), NULL, 1, 5, "The new level.", .example = "3"},
	{0},
};
#undef AT

#define AT(member) offsetof(struct written_system, member)
static const struct setting system_table[] = {
	{"number", SETTING_COUNT, AT(number), NULL, 1, UINT16_MAX,
		"Number in the agency; never used again for another system.", .example = "1"},
	{"name", SETTING_TEXT, AT(name), NULL, 1, 200, "Name of the information system.",
		.example = "\"Cổng thông tin điện tử\""},
	{"level", SETTING_COUNT, AT(level), NULL, 1, 5,
		"Security level. It decides how long records are kept.", .example = "2"},
	{"level-changes", SETTING_SECTIONS, AT(changes), .table = level_table,
		.size = sizeof(struct written_level), .help = "Later levels, by date."},
	{0},
};
#undef AT

#define AT(member) offsetof(struct written_host, member)
static const struct setting host_table[] = {
	{"number", SETTING_COUNT, AT(number), NULL, 1, 0,
		"Number of the host, as its certificate has it.", .example = "1"},
	{"system", SETTING_COUNT, AT(system), NULL, 1, UINT16_MAX, "The system it belongs to.",
		.example = "1"},
	{"name", SETTING_TEXT, AT(name), "", 0, 200, "What people call it."},
	{"from", SETTING_TEXT, AT(from), "",
		.help = "First day in that system; a host that moved stands here twice."},
	{0},
};
#undef AT

#define AT(member) offsetof(struct written_agency, member)
static const struct setting agency_table[] = {
	{"number", SETTING_COUNT, AT(number), NULL, 1, 0,
		"Internal number. It stands in certificates and stored records: never changed, "
		"never used again.",
		.example = "5"},
	{"attributes", SETTING_SECTIONS, AT(attributes), .min = 1, .table = attributes_table,
		.size = sizeof(struct written_attributes),
		.help = "What it is called, oldest first."},
	{"closed", SETTING_TEXT, AT(closed), "",
		.help = "First day it no longer exists; its records stay."},
	{"contacts", SETTING_TEXTS, AT(contacts), .max = 20,
		.help = "Whom to tell: names, numbers, addresses."},
	{"systems", SETTING_SECTIONS, AT(systems), .min = 1, .table = system_table,
		.size = sizeof(struct written_system), .help = "Its information systems."},
	{"default-system", SETTING_COUNT, AT(default_system), "0", 0, UINT16_MAX,
		"System of hosts not listed below; 0 is the first one above."},
	{"hosts", SETTING_SECTIONS, AT(hosts), .table = host_table,
		.size = sizeof(struct written_host), .help = "Hosts of known systems."},
	{0},
};
#undef AT

static const char *const rule_words[] = {
	[RULE_BY_HOST_NAME] = "host-name",
	[RULE_BY_VIRTUAL_HOST] = "virtual-host",
	[RULE_BY_GROUP] = "group",
	[RULE_BY_ACCOUNT_SUFFIX] = "account-suffix",
	[RULE_BY_PREFIX] = "prefix",
	NULL,
};

#define AT(member) offsetof(struct written_rule, member)
static const struct setting rule_table[] = {
	{"by", SETTING_CHOICE, AT(by), .choices = rule_words, .example = "prefix",
		.help = "What of a record is looked at."},
	{"values", SETTING_TEXTS, AT(values), .min = 1, .example = "- 10.5.0.0/16",
		.help = "It fits when one of these does; letters may be large or small."},
	{"agency", SETTING_COUNT, AT(agency), NULL, 1, 0, "Whose the record is then.",
		.example = "5"},
	{"system", SETTING_COUNT, AT(system), "0", 0, UINT16_MAX,
		"System of that agency; 0 is its default system."},
	{0},
};
#undef AT

#define AT(member) offsetof(struct written_shared, member)
static const struct setting shared_table[] = {
	{"agency", SETTING_COUNT, AT(agency), NULL, 1, 0, "Agency of the host.",
		.example = "1"},
	{"host", SETTING_COUNT, AT(host), NULL, 1, 0, "The host that delivers.",
		.example = "9"},
	{"source", SETTING_TEXT, AT(source), "", 0, 4096,
		"One source of it: a path, unit or address; \"\" for all of them."},
	{"agencies", SETTING_TEXTS, AT(agencies), .min = 1, .example = "- 5",
		.help = "Numbers of the agencies it may speak for."},
	{"rules", SETTING_SECTIONS, AT(rules), .min = 1, .table = rule_table,
		.size = sizeof(struct written_rule),
		.help = "The first that fits names the agency."},
	{0},
};
#undef AT

#define AT(member) offsetof(struct written_province, member)
static const struct setting province_table[] = {
	{"code", SETTING_TEXT, AT(code), NULL, 1, 13, "Level-1 code of the province.",
		.example = "H47"},
	{"name", SETTING_TEXT, AT(name), NULL, 1, 200, "Name in Vietnamese.",
		.example = "\"Tỉnh Sông Thu\""},
	{"name-en", SETTING_TEXT, AT(name_en), "", 0, 200, "Name in English."},
	{"utc-offset", SETTING_TEXT, AT(utc_offset), "+07:00",
		.help = "Zone of dates and of statistics windows."},
	{0},
};
#undef AT

#define AT(member) offsetof(struct written_register, member)
const struct setting agencies_settings_table[] = {
	{"province", SETTING_SECTION, AT(province), .table = province_table,
		.help = "Whom the national messages come from."},
	{"agencies", SETTING_SECTIONS, AT(agencies), .min = 1, .max = 100000,
		.table = agency_table, .size = sizeof(struct written_agency),
		.help = "Every agency that is, was or will be watched."},
	{"shared-sources", SETTING_SECTIONS, AT(shared), .max = 10000, .table = shared_table,
		.size = sizeof(struct written_shared),
		.help = "Sources that report about several agencies."},
	{0},
};
#undef AT
