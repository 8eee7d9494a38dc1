#include "collector/detect/class_rules.h"

#include "collector/detect/classify.h"
#include "common/needles.h"

/* In the order of enum attack_class, enum severity and enum class_counting. */
static const char *const class_words[] = {"none", "malware", "phishing", "deface", "dos",
	"unauthorized-access", "privilege-escalation", "recon", "policy-violation",
	"ransomware", "data-theft", "sabotage", "combined", "other", "system-fault",
	"operator-error", "disaster", NULL};
static const char *const severity_words[] = {
	"none", "low", "medium", "high", "critical", "reported", NULL};
static const char *const finding_words[] = {"none", "malware", "outcome", NULL};
static const char *const status_words[] = {"open", "resolved", "test", NULL};
static const char *const counting_words[] = {"nothing", "attack", "fault", NULL};

_Static_assert(ARRAY_LEN(class_words) == CLASS_COUNT + 1, "a word for each class");
_Static_assert(
	ARRAY_LEN(severity_words) == SEVERITY_COUNT + 2, "a word for each, and reported");

#define AT(member) offsetof(struct written_class, member)
static const struct setting class_table[] = {
	{"class", SETTING_CHOICE, AT(attack), NULL, 0, 0, "The class's name in settings.",
		class_words, .example = "malware"},
	{"counts-as", SETTING_CHOICE, AT(counting), "attack", 0, 0,
		"What one record of the class adds to.", counting_words},
	{"vi", SETTING_TEXT, AT(vi), NULL, 1, 200, "Name in Vietnamese.", .example = "Mã độc"},
	{"en", SETTING_TEXT, AT(en), NULL, 1, 200, "Name in English.", .example = "Malware"},
	{0},
};
#undef AT

#define AT(member) offsetof(struct written_rule, member)
static const struct setting rule_table[] = {
	{"id", SETTING_TEXT, AT(id), NULL, 1, 100, "Name of the rule.",
		.example = "ssh-failed-login"},
	{"help", SETTING_TEXT, AT(help), "", 0, 1000, "Why it counts as that."},
	{"class", SETTING_CHOICE, AT(attack), NULL, 0, 0, "The class.", class_words,
		.example = "unauthorized-access"},
	{"severity", SETTING_CHOICE, AT(severity), NULL, 0, 0,
		"How grave; reported: as the product says, soc.attack.severity, and medium "
		"when it "
		"says nothing.",
		severity_words, .example = "low"},
	{"finding", SETTING_CHOICE, AT(finding), "none", 0, 0,
		"malware: a product found malware and says where; it is listed by name in "
		"statistics and in the malware report, as hits of the agents' scanner are. "
		"outcome: what became of malware that another record found; no event of its "
		"own, class none.",
		finding_words},
	{"status", SETTING_CHOICE, AT(status), "open", 0, 0,
		"resolved: the product that found malware says in this record that it "
		"removed or stopped it. test: what was found is a test file; the record is "
		"marked as a test and in no number, and the rule goes before all others. "
		"Only beside finding.",
		status_words},
	{"modules", SETTING_TEXTS, AT(modules), .max = 32,
		.help = "event.module is one of these; none: any. own-formats stands for all "
			"modules of formats from files that no rule names."},
	{"actions", SETTING_TEXTS, AT(actions), .max = 64,
		.help = "event.action is one of these; none: any."},
	{"outcome", SETTING_TEXT, AT(outcome), "", 0, 20, "event.outcome is this."},
	{"fields", SETTING_TEXTS, AT(fields), .max = 8,
		.help = "One of these fields is there, and fits the next two keys."},
	{"contains", SETTING_TEXTS, AT(contains), .max = 1000,
		.help = "The field holds one of these texts, in either case; URLs are also "
			"read unescaped."},
	{"equals", SETTING_TEXTS, AT(equals), .max = 100, .help = "The field is one of these."},
	{0},
};
#undef AT

#define AT(member) offsetof(struct written_classes, member)
const struct setting class_rules_table[] = {
	{"classes", SETTING_SECTIONS, AT(classes), .min = 1, .max = CLASS_COUNT,
		.table = class_table, .size = sizeof(struct written_class),
		.help = "Names of the classes, and what they count as."},
	{"rules", SETTING_SECTIONS, AT(rules), .max = CLASSIFY_RULES_MAX, .table = rule_table,
		.size = sizeof(struct written_rule),
		.help = "What belongs into a class; the gravest rule that fits decides."},
	{0},
};
#undef AT
