#include "common/conf_changes.h"

#include <stdio.h>
#include <string.h>

struct comparing {
	void (*tell)(void *user, const char *key, bool live);
	void *user;
};

static bool same_table(const struct setting *table, const void *before, const void *after);

static bool same_text(const char *before, const char *after)
{
	if (before == NULL || after == NULL)
		return before == after;
	return strcmp(before, after) == 0;
}

static bool same_texts(const struct setting_texts *before, const struct setting_texts *after)
{
	if (before->n != after->n)
		return false;
	for (size_t i = 0; i < before->n; i++) {
		if (!same_text(before->items[i], after->items[i]))
			return false;
	}
	return true;
}

static bool same_pairs(const struct setting_pairs *before, const struct setting_pairs *after)
{
	if (before->n != after->n)
		return false;
	for (size_t i = 0; i < before->n; i++) {
		if (!same_text(before->items[i].key, after->items[i].key) ||
			!same_text(before->items[i].value, after->items[i].value))
			return false;
	}
	return true;
}

static bool same_sections(const struct setting *setting, const struct setting_sections *before,
	const struct setting_sections *after)
{
	if (before->n != after->n)
		return false;
	for (size_t i = 0; i < before->n; i++) {
		if (!same_table(setting->table, (const char *)before->items + i * setting->size,
			    (const char *)after->items + i * setting->size))
			return false;
	}
	return true;
}

static bool same_value(const struct setting *setting, const void *before, const void *after)
{
	switch (setting->kind) {
	case SETTING_TEXT:
	case SETTING_PATH:
		return same_text(*(const char *const *)before, *(const char *const *)after);
	case SETTING_FLAG:
		return *(const bool *)before == *(const bool *)after;
	case SETTING_COUNT:
		return *(const uint32_t *)before == *(const uint32_t *)after;
	case SETTING_BYTES:
	case SETTING_DURATION:
		return *(const uint64_t *)before == *(const uint64_t *)after;
	case SETTING_CHOICE:
		return *(const int *)before == *(const int *)after;
	case SETTING_TEXTS:
	case SETTING_PATHS:
		return same_texts(before, after);
	case SETTING_PAIRS:
		return same_pairs(before, after);
	case SETTING_SECTION:
		return same_table(setting->table, before, after);
	case SETTING_SECTIONS:
		return same_sections(setting, before, after);
	case SETTING_END:
		break;
	}
	return true;
}

static bool same_table(const struct setting *table, const void *before, const void *after)
{
	for (const struct setting *setting = table; setting->kind != SETTING_END; setting++) {
		if (!same_value(setting, (const char *)before + setting->offset,
			    (const char *)after + setting->offset))
			return false;
	}
	return true;
}

static void compare(const struct comparing *comparing, const char *prefix,
	const struct setting *table, const void *before, const void *after)
{
	char key[CONF_KEY_MAX];

	for (const struct setting *setting = table; setting->kind != SETTING_END; setting++) {
		const void *old = (const char *)before + setting->offset;
		const void *new = (const char *)after + setting->offset;

		snprintf(key, sizeof(key), "%s%s%s", prefix, *prefix != '\0' ? "." : "",
			setting->key);
		if (setting->kind == SETTING_SECTION && !setting->live)
			compare(comparing, key, setting->table, old, new);
		else if (!same_value(setting, old, new))
			comparing->tell(comparing->user, key, setting->live);
	}
}

void conf_changes(const struct setting *table, const void *before, const void *after,
	void (*tell)(void *user, const char *key, bool live), void *user)
{
	compare(&(struct comparing){tell, user}, "", table, before, after);
}
