/* class_rules - classes.yaml as it was written; for classify.c */
#ifndef COLLECTOR_DETECT_CLASS_RULES_H
#define COLLECTOR_DETECT_CLASS_RULES_H

#include "collector/record/record.h"
#include "common/conf.h"

struct written_class {
	int attack;   /* enum attack_class */
	int counting; /* enum class_counting */
	const char *vi, *en;
};

/* Beside enum severity: as the record's soc.attack.severity says. */
enum { SEVERITY_REPORTED = SEVERITY_COUNT };

/* What a record that the rule decides on is besides an event. */
enum rule_finding { FINDING_NONE, FINDING_MALWARE, FINDING_OUTCOME };
enum rule_status { STATUS_OPEN, STATUS_RESOLVED, STATUS_TEST };

struct written_rule {
	const char *id;
	const char *help; /* why; for people */
	int attack;       /* enum attack_class */
	int severity;     /* enum severity, or SEVERITY_REPORTED */
	int finding;      /* enum rule_finding */
	int status;       /* enum rule_status */
	struct setting_texts modules, actions;
	const char *outcome; /* "" = any */
	struct setting_texts fields, contains, equals;
};

struct written_classes {
	struct setting_sections classes, rules;
};

extern const struct setting class_rules_table[];

#endif
