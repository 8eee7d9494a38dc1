/*
 * settings - the agency register as it stands in its file, before it is checked
 *
 * Members are what the tables in settings.c say. Inside of register.
 */
#ifndef COLLECTOR_REGISTER_SETTINGS_H
#define COLLECTOR_REGISTER_SETTINGS_H

#include "common/setting.h"

/* How a rule of a shared source recognizes its records. */
enum rule_by {
	RULE_BY_HOST_NAME,
	RULE_BY_VIRTUAL_HOST,
	RULE_BY_GROUP,
	RULE_BY_ACCOUNT_SUFFIX,
	RULE_BY_PREFIX,
};

struct written_attributes {
	const char *from, *identifier, *name, *name_en;
	uint32_t parent;
};

struct written_level {
	const char *from;
	uint32_t level;
};

struct written_system {
	uint32_t number;
	const char *name;
	uint32_t level;
	struct setting_sections changes; /* struct written_level */
};

struct written_host {
	uint32_t number, system;
	const char *name, *from;
};

struct written_agency {
	uint32_t number;
	struct setting_sections attributes; /* struct written_attributes */
	const char *closed;
	struct setting_texts contacts;
	struct setting_sections systems; /* struct written_system */
	uint32_t default_system;
	struct setting_sections hosts; /* struct written_host */
};

struct written_rule {
	int by; /* enum rule_by */
	struct setting_texts values;
	uint32_t agency, system;
};

struct written_shared {
	uint32_t agency, host;
	const char *source;
	struct setting_texts agencies;
	struct setting_sections rules; /* struct written_rule */
};

struct written_province {
	const char *code, *name, *name_en, *utc_offset;
};

struct written_register {
	struct written_province province;
	struct setting_sections agencies; /* struct written_agency */
	struct setting_sections shared;   /* struct written_shared */
};

#endif
