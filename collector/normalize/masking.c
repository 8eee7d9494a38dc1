#include "collector/normalize/masking.h"

#include <stdlib.h>

#include "collector/normalize/secrets.h"
#include "common/mistakes.h"
#include "common/needles.h"

#define AT(member) offsetof(struct masking_settings, member)
const struct setting masking_settings_table[] = {
	{"secrets", SETTING_FLAG, AT(secrets), "true", 0, 0,
		"Values behind the names below, headers that authenticate (Authorization, "
		"Cookie, Bearer tokens), passwords in URLs (https://user:password@host)."},
	{"names", SETTING_TEXTS, AT(names),
		"[password, passwd, passphrase, \"pass=\", \"pwd=\", \"psw=\", secret, "
		"access_token, refresh_token, id_token, \"token=\", csrf_token, api_key, "
		"apikey, api-key, access_key, private_key, sessionid, session_id, "
		"\"session=\", phpsessid, sessid, \"otp=\", \"auth=\", credential, matkhau, "
		"mat_khau, mật khẩu]",
		0, 200,
		"Names whose values are masked, in either case and at the end of longer ones "
		"(new_password). A name that ends in '=' counts before '=' only."},
	{"commands", SETTING_FLAG, AT(commands), "true", 0, 0,
		"Passwords on command lines: sshpass -p, mysql -p, --password, curl -u."},
	{"citizen-ids", SETTING_FLAG, AT(citizen_ids), "false", 0, 0,
		"Numbers of citizens (CCCD, 12 digits). Off: who looked for whom is evidence "
		"when the citizen database is scraped."},
	{"card-numbers", SETTING_FLAG, AT(card_numbers), "false", 0, 0,
		"Numbers of payment cards (16 digits with a valid check digit)."},
	{0},
};
#undef AT

struct masker {
	struct conf *conf;
	struct masking_settings settings;
	struct secrets *secrets;
};

/* Takes the conf. */
static struct masker *finish(struct masker *masker, const char *name, struct strbuf *mistakes)
{
	struct mistakes found = mistakes_into(mistakes, name);

	if (masker->conf != NULL) {
		for (size_t i = 0; i < masker->settings.names.n; i++) {
			size_t len = strlen(masker->settings.names.items[i]);

			if (len < SECRET_NAME_MIN || len > NEEDLE_MAX)
				mistake_add(&found,
					conf_at(masker->conf, &masker->settings.names),
					"a name has %d to %d bytes", SECRET_NAME_MIN,
					NEEDLE_MAX);
		}
		if (mistakes_end(&found)) {
			masker->secrets = secrets_new(&masker->settings);
			return masker;
		}
	}
	masker_free(masker);
	return NULL;
}

static struct masker *new_masker(void)
{
	struct masker *masker = calloc(1, sizeof(*masker));

	if (masker == NULL)
		abort();
	return masker;
}

struct masker *masker_load(const char *path, struct strbuf *mistakes)
{
	struct masker *masker = new_masker();

	masker->conf = conf_load(path, masking_settings_table, &masker->settings, mistakes);
	return finish(masker, path, mistakes);
}

struct masker *masker_parse(const char *name, struct slice text, struct strbuf *mistakes)
{
	struct masker *masker = new_masker();

	masker->conf =
		conf_parse(name, text, masking_settings_table, &masker->settings, mistakes);
	return finish(masker, name, mistakes);
}

void masker_free(struct masker *masker)
{
	if (masker == NULL)
		return;
	secrets_free(masker->secrets);
	conf_free(masker->conf);
	free(masker);
}

/* What a parser built or chose from constants can only hold a secret if it is free text. */
static bool may_hold_secrets(const struct field *field)
{
	enum field_type type = field_type(field->id);

	return field->len > SECRET_NAME_MIN && (type == FIELD_KEYWORD || type == FIELD_TEXT) &&
	       field->id != FIELD_EVENT_MODULE && field->id != FIELD_EVENT_ACTION &&
	       field->id != FIELD_EVENT_CATEGORY && field->id != FIELD_EVENT_TYPE &&
	       field->id != FIELD_EVENT_OUTCOME;
}

/* The fields that were slices of `before` become slices of the record's raw. */
static void follow(struct record *record, struct slice before)
{
	for (unsigned i = 0; i < record->n_fields; i++) {
		struct field *field = &record->fields[i];

		if (slice_is_within(field_value(field), before))
			field->ptr = record->raw.ptr + (field->ptr - before.ptr);
	}
}

static enum secrets_result mask_raw(
	const struct masker *masker, struct arena *arena, struct record *record)
{
	struct slice before = record->raw;
	enum secrets_result result = secrets_mask(masker->secrets, arena, &record->raw);

	if (result == SECRETS_MASKED)
		follow(record, before);
	return result;
}

static enum secrets_result mask_field(
	const struct masker *masker, struct arena *arena, struct field *field)
{
	struct slice value = field_value(field);
	enum secrets_result result = secrets_mask(masker->secrets, arena, &value);

	if (result == SECRETS_MASKED)
		field->ptr = value.ptr;
	return result;
}

/* Whether what stands under this name is a secret, as secrets_mask() finds it in a line. */
static enum secrets_result is_secret_name(
	const struct masker *masker, struct arena *arena, struct slice name)
{
	static const char value[] = "=value";
	char *pair = arena_alloc(arena, name.len + sizeof(value));

	if (pair == NULL)
		return SECRETS_FULL;
	memcpy(pair, name.ptr, name.len);
	memcpy(pair + name.len, value, sizeof(value));

	struct slice text = slice_of(pair, name.len + sizeof(value) - 1);
	return secrets_mask(masker->secrets, arena, &text);
}

/* A value named by the field before it. */
static enum secrets_result mask_named(const struct masker *masker, struct arena *arena,
	const struct field *name, struct field *field)
{
	enum secrets_result result = is_secret_name(masker, arena, field_value(name));

	if (result == SECRETS_NONE)
		return mask_field(masker, arena, field);
	char *stars = result == SECRETS_FULL ? NULL : arena_alloc(arena, field->len);
	if (stars == NULL)
		return SECRETS_FULL;
	memset(stars, '*', field->len);
	field->ptr = stars;
	return SECRETS_MASKED;
}

static void lose_line(struct record *record)
{
	record->raw = SLICE_LIT("");
	record->n_fields = 0;
	record->status = PARSE_DAMAGED;
	record->flags |= RECORD_MASKED | RECORD_TRUNCATED;
}

bool mask_record(const struct masker *masker, struct arena *arena, struct record *record)
{
	enum secrets_result result = mask_raw(masker, arena, record);
	bool masked = result == SECRETS_MASKED;

	for (unsigned i = 0; i < record->n_fields && result != SECRETS_FULL; i++) {
		struct field *field = &record->fields[i];

		if (slice_is_within(field_value(field), record->raw))
			continue;
		if (field->id == FIELD_OTHER_VALUE && i > 0)
			result = mask_named(masker, arena, field - 1, field);
		else if (may_hold_secrets(field))
			result = mask_field(masker, arena, field);
		else
			continue;
		masked = masked || result == SECRETS_MASKED;
	}
	if (result == SECRETS_FULL) {
		lose_line(record);
		return false;
	}
	if (masked)
		record->flags |= RECORD_MASKED;
	return true;
}

unsigned mask_batch(const struct masker *masker, struct batch *batch)
{
	unsigned lost = 0;

	for (unsigned i = 0; i < batch->n_records; i++)
		lost += !mask_record(masker, &batch->arena, &batch->records[i]);
	return lost;
}
