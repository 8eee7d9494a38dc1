#include "collector/normalize/masking/masking.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>

#include "collector/normalize/masking/personal.h"
#include "collector/normalize/masking/pseudonym.h"
#include "collector/normalize/masking/secrets.h"
#include "common/mistakes.h"
#include "common/needles.h"

static const char *const action_names[] = {"keep", "mask", "token", NULL};

#define AT(member) offsetof(struct masked_field, member)
static const struct setting field_table[] = {
	{"field", SETTING_TEXT, AT(name), NULL, 1, 100, "Name of a field of ECS.",
		.example = "user.full_name"},
	{"action", SETTING_CHOICE, AT(action), "mask", 0, 0,
		"What becomes of its value, also where else it stands in the line.",
		action_names},
	{0},
};
#undef AT

#define AT(member)   offsetof(struct masking_settings, member)
#define ACTION(rule) AT(actions) + (rule) * sizeof(int)
const struct setting masking_settings_table[] = {
	{"key", SETTING_PATH, AT(key), "", 0, 0,
		"File with the keys of tokens, a line 'ID HEX' for each, the one in use first: "
		"(echo -n 'k1 '; openssl rand -hex 32) > pseudonym.key; chmod 640. Empty: no "
		"rule may say token."},
	{"secrets", SETTING_CHOICE, ACTION(MASK_SECRETS), "mask", 0, 0,
		"Values behind the names below, headers that authenticate (Authorization, "
		"Cookie, Bearer tokens), JSON web tokens, private keys, passwords in URLs "
		"(https://user:password@host).",
		action_names},
	{"names", SETTING_TEXTS, AT(names),
		"[password, passwd, passphrase, \"pass=\", \"pwd=\", \"psw=\", secret, "
		"access_token, refresh_token, id_token, \"token=\", csrf_token, api_key, "
		"apikey, api-key, access_key, private_key, sessionid, session_id, "
		"\"session=\", phpsessid, sessid, \"otp=\", \"auth=\", credential, matkhau, "
		"mat_khau, mật khẩu]",
		0, 200,
		"Names whose values are secrets, in either case and at the end of longer ones "
		"(new_password). A name that ends in '=' counts before '=', and where name and "
		"value are quoted before ':'. Vietnamese letters are found composed (NFC) and "
		"decomposed (NFD), all small or all capitals."},
	{"commands", SETTING_CHOICE, ACTION(MASK_COMMANDS), "mask", 0, 0,
		"Passwords on command lines: sshpass -p, mysql -p, --password, curl -u.",
		action_names},
	{"citizen-ids", SETTING_CHOICE, ACTION(MASK_CITIZEN_IDS), "keep", 0, 0,
		"Numbers of citizens (CCCD, 12 digits, with their checks). Who looked for whom "
		"is evidence when the citizen database is scraped: with a key, token keeps "
		"that and hides the person.",
		action_names},
	{"old-citizen-ids", SETTING_CHOICE, ACTION(MASK_OLD_IDS), "keep", 0, 0,
		"Older numbers (CMND, 9 digits), behind one of the names below.", action_names},
	{"old-citizen-id-names", SETTING_TEXTS, AT(old_id_names),
		"[cmnd, cmtnd, \"số cmt\", so_cmt, \"chứng minh\", chung_minh, \"giấy tờ\", "
		"giay_to, giayto, id_card, idcard, identity_card, identity_number, id_number]",
		0, 100, "What stands before such a number, with 32 bytes between them at most.",
		NULL},
	{"phones", SETTING_CHOICE, ACTION(MASK_PHONES), "keep", 0, 0,
		"Telephone numbers of Viet Nam: 0912345678, +84 912 345 678, 0084..., (024) "
		"3825 1234.",
		action_names},
	{"phone-prefixes", SETTING_TEXTS, AT(phone_prefixes),
		"[\"032\", \"033\", \"034\", \"035\", \"036\", \"037\", \"038\", \"039\", "
		"\"052\", \"055\", \"056\", \"058\", \"059\", \"070\", \"076\", \"077\", "
		"\"078\", \"079\", \"081\", \"082\", \"083\", \"084\", \"085\", \"086\", "
		"\"087\", \"088\", \"089\", \"090\", \"091\", \"092\", \"093\", \"094\", "
		"\"096\", \"097\", \"098\", \"099\", \"0203\", \"0204\", \"0205\", \"0206\", "
		"\"0207\", \"0208\", \"0209\", \"0210\", \"0211\", \"0212\", \"0213\", "
		"\"0214\", \"0215\", \"0216\", \"0218\", \"0219\", \"0220\", \"0221\", "
		"\"0222\", \"0225\", \"0226\", \"0227\", \"0228\", \"0229\", \"0232\", "
		"\"0233\", \"0234\", \"0235\", \"0236\", \"0237\", \"0238\", \"0239\", "
		"\"024\", \"0251\", \"0252\", \"0254\", \"0255\", \"0256\", \"0257\", "
		"\"0258\", \"0259\", \"0260\", \"0261\", \"0262\", \"0263\", \"0269\", "
		"\"0270\", \"0271\", \"0272\", \"0273\", \"0274\", \"0275\", \"0276\", "
		"\"0277\", \"028\", \"0290\", \"0291\", \"0292\", \"0293\", \"0294\", "
		"\"0296\", \"0297\", \"0299\"]",
		0, 200,
		"What they begin with: 02 and an area, 11 digits with the 0, or a mobile "
		"network, 10 digits.",
		NULL},
	{"emails", SETTING_CHOICE, ACTION(MASK_EMAILS), "keep", 0, 0,
		"E-mail addresses. Those of a phishing wave are evidence.", action_names},
	{"card-numbers", SETTING_CHOICE, ACTION(MASK_CARDS), "mask", 0, 0,
		"Numbers of payment cards: 13 to 19 digits, an issuer's range, a valid check "
		"digit.",
		action_names},
	{"bank-accounts", SETTING_CHOICE, ACTION(MASK_ACCOUNTS), "keep", 0, 0,
		"Numbers of 6 to 19 digits behind one of the names below.", action_names},
	{"bank-account-names", SETTING_TEXTS, AT(account_names),
		"[\"stk\", \"số tk\", so_tk, \"số tài khoản\", so_tai_khoan, sotaikhoan, "
		"account_no, accountno, account_number, \"account number\", bank_account]",
		0, 100, "What stands before an account's number, likewise.", NULL},
	{"fields", SETTING_SECTIONS, AT(fields), NULL, 0, 200,
		"Fields whose whole value goes, whatever it looks like.", .table = field_table,
		.size = sizeof(struct masked_field),
		.example = "- field: user.full_name\n  action: mask"},
	{0},
};
#undef AT

const char *mask_rule_name(enum mask_rule rule)
{
	static const char *const names[MASK_RULES] = {
		[MASK_SECRETS] = "secrets",
		[MASK_COMMANDS] = "commands",
		[MASK_CITIZEN_IDS] = "citizen-ids",
		[MASK_OLD_IDS] = "old-citizen-ids",
		[MASK_PHONES] = "phones",
		[MASK_EMAILS] = "emails",
		[MASK_CARDS] = "card-numbers",
		[MASK_ACCOUNTS] = "bank-accounts",
		[MASK_FIELDS] = "fields",
	};

	return names[rule];
}

struct masker {
	struct conf *conf;
	struct masking_settings settings;
	struct pseudonym *pseudonym;
	struct secrets *secrets;
	bool has_fields;
	uint8_t fields[FIELD_ID_MAX]; /* enum mask_action */
};

/* ---- the policy ----------------------------------------------------------------- */

static void check_names(const struct masker *masker, const struct setting_texts *names,
	size_t least, struct mistakes *mistakes)
{
	for (size_t i = 0; i < names->n; i++) {
		size_t len = strlen(names->items[i]);

		if (len < least || len > NEEDLE_MAX)
			mistake_add(mistakes, conf_at(masker->conf, names),
				"a name has %zu to %d bytes", least, NEEDLE_MAX);
	}
}

static void check_prefixes(const struct masker *masker, struct mistakes *mistakes)
{
	const struct setting_texts *prefixes = &masker->settings.phone_prefixes;
	struct personal scratch = {0};

	for (size_t i = 0; i < prefixes->n; i++) {
		if (!personal_add_phone_prefix(&scratch, slice_str(prefixes->items[i])))
			mistake_add(mistakes, conf_at(masker->conf, &prefixes->items[i]),
				"%s is no prefix: 0 and two or three digits",
				MISTAKE_TEXT(slice_str(prefixes->items[i])));
	}
}

static void check_token(
	const struct masker *masker, const int *action, struct mistakes *mistakes)
{
	if (*action == MASK_TOKEN && masker->settings.key[0] == '\0')
		mistake_add(mistakes, conf_at(masker->conf, action), "token needs a 'key'");
}

static void take_field(
	struct masker *masker, const struct masked_field *field, struct mistakes *mistakes)
{
	enum field_id id = field_by_name(slice_str(field->name));

	check_token(masker, &field->action, mistakes);
	if (id == FIELD_NONE)
		mistake_add(mistakes, conf_at(masker->conf, &field->name),
			"there is no field %s", MISTAKE_TEXT(slice_str(field->name)));
	else
		masker->fields[id] = (uint8_t)field->action;
	masker->has_fields = masker->has_fields || field->action != MASK_KEEP;
}

static void load_key(struct masker *masker, struct mistakes *mistakes)
{
	struct err err;

	if (masker->settings.key[0] == '\0')
		return;
	masker->pseudonym = pseudonym_load(masker->settings.key, &err);
	if (masker->pseudonym == NULL)
		mistake_add(
			mistakes, conf_at(masker->conf, &masker->settings.key), "%s", err.text);
}

static void check(struct masker *masker, struct mistakes *mistakes)
{
	const struct masking_settings *settings = &masker->settings;
	const struct masked_field *fields = settings->fields.items;

	check_names(masker, &settings->names, SECRET_NAME_MIN, mistakes);
	check_names(masker, &settings->old_id_names, NEEDLE_MIN, mistakes);
	check_names(masker, &settings->account_names, NEEDLE_MIN, mistakes);
	check_prefixes(masker, mistakes);
	for (unsigned i = 0; i < MASK_FIELDS; i++)
		check_token(masker, &settings->actions[i], mistakes);
	for (size_t i = 0; i < settings->fields.n; i++)
		take_field(masker, &fields[i], mistakes);
	load_key(masker, mistakes);
}

/* Takes the conf. */
static struct masker *finish(struct masker *masker, const char *name, struct strbuf *mistakes)
{
	struct mistakes found = mistakes_into(mistakes, name);

	if (masker->conf != NULL) {
		check(masker, &found);
		if (mistakes_end(&found)) {
			masker->secrets = secrets_new(&masker->settings, masker->pseudonym);
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
	pseudonym_free(masker->pseudonym);
	conf_free(masker->conf);
	free(masker);
}

/* ---- values that have to stay equal ------------------------------------------------ */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct pseudonym *passing; /* of this run of the program; never freed */

static void make_passing(void)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char key[32];
	char line[2 + 2 * sizeof(key)] = "p ";
	struct err err;

	if (RAND_bytes(key, sizeof(key)) != 1)
		abort();
	for (size_t i = 0; i < sizeof(key); i++) {
		line[2 + 2 * i] = digits[key[i] >> 4];
		line[3 + 2 * i] = digits[key[i] & 15];
	}
	passing = pseudonym_parse("key", slice_of(line, sizeof(line)), &err);
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(line, sizeof(line));
	if (passing == NULL)
		abort();
}

struct slice masker_token(const struct masker *masker, struct arena *arena, struct slice value)
{
	if (masker->pseudonym == NULL)
		(void)pthread_once(&once, make_passing);
	return pseudonym_of(masker->pseudonym != NULL ? masker->pseudonym : passing, arena,
		SLICE_LIT("match"), value);
}

/* ---- one record ------------------------------------------------------------------ */

/* The record at hand. */
struct work {
	const struct masker *masker;
	struct arena *arena;
	struct record *record;
	struct mask_tally *tally;
	struct hidden_values hidden;
	struct edits edits; /* of the text at hand */
	bool masked;
	bool line_goes; /* a value is hidden that was not found in it */
};

/* What a parser built or chose from constants can only hold a secret if it is free text. */
static bool is_free_text(const struct field *field)
{
	enum field_type type = field_type(field->id);

	return (type == FIELD_KEYWORD || type == FIELD_TEXT) &&
	       field->id != FIELD_SOC_ORIGINAL_HEX && field->id != FIELD_EVENT_MODULE &&
	       field->id != FIELD_EVENT_ACTION && field->id != FIELD_EVENT_CATEGORY &&
	       field->id != FIELD_EVENT_TYPE && field->id != FIELD_EVENT_OUTCOME &&
	       !field_is_of_enrichment(field->id);
}

static bool may_hold_secrets(const struct field *field)
{
	return field->len > SECRET_NAME_MIN && is_free_text(field);
}

static enum secrets_result noted(struct work *work, enum secrets_result result)
{
	work->masked = work->masked || result == SECRETS_MASKED;
	return result;
}

static void set_value(struct field *field, struct slice value)
{
	field->ptr = value.ptr;
	field->len = (uint32_t)value.len;
}

/* The fields that were slices of `before` become slices of the record's raw. */
static void follow(const struct work *work, struct slice before)
{
	struct record *record = work->record;

	for (unsigned i = 0; i < record->n_fields; i++) {
		struct field *field = &record->fields[i];

		if (!slice_is_within(field_value(field), before))
			continue;
		size_t at = (size_t)(field->ptr - before.ptr);
		size_t from = edits_place(&work->edits, at, false);
		size_t to = edits_place(&work->edits, at + field->len, true);

		if (field->len == 0)
			to = from;
		set_value(field, slice_of(record->raw.ptr + from, to - from));
	}
}

static enum secrets_result mask_raw(struct work *work)
{
	struct slice before = work->record->raw;
	enum secrets_result result =
		noted(work, secrets_mask(work->masker->secrets, work->arena, &work->hidden,
				    NULL, &work->edits, work->tally, &work->record->raw));

	if (result == SECRETS_MASKED)
		follow(work, before);
	work->line_goes = work->line_goes || work->hidden.full;
	for (unsigned i = 0; i < work->hidden.n; i++)
		work->line_goes = work->line_goes || !work->hidden.items[i].found;
	return result;
}

/* What the rules find in a value that is no part of the line is hidden everywhere. */
static enum secrets_result mask_field(struct work *work, struct field *field)
{
	struct slice value = field_value(field);
	enum secrets_result result =
		noted(work, secrets_mask(work->masker->secrets, work->arena, NULL,
				    &work->hidden, &work->edits, work->tally, &value));

	if (result == SECRETS_MASKED)
		set_value(field, value);
	return result;
}

/* All of a value: a token of it, or as many stars. Absent when there is no room. */
static struct slice replacement(struct work *work, enum mask_action action, struct slice value)
{
	if (action == MASK_TOKEN)
		return secrets_token(work->masker->secrets, work->arena, value);

	char *stars = arena_alloc(work->arena, value.len);
	if (stars == NULL)
		return SLICE_NONE;
	memset(stars, '*', value.len);
	return slice_of(stars, value.len);
}

static enum secrets_result replace_field(
	struct work *work, enum mask_rule rule, enum mask_action action, struct field *field)
{
	struct slice with = replacement(work, action, field_value(field));

	if (slice_absent(with))
		return SECRETS_FULL;
	set_value(field, with);
	work->tally->n[rule]++;
	work->masked = true;
	return SECRETS_MASKED;
}

/* ---- fields of the policy ----------------------------------------------------------- */

/* The whole value goes, from its field and from wherever else it stands. */
static enum secrets_result take_out(struct work *work, struct field *field)
{
	enum mask_action action = (enum mask_action)work->masker->fields[field->id];
	struct slice value = field_value(field);
	enum secrets_result result = replace_field(work, MASK_FIELDS, action, field);

	if (result == SECRETS_MASKED && value.len > 0)
		hidden_values_add(&work->hidden,
			(struct hidden_value){.value = value,
				.with = action == MASK_TOKEN ? field_value(field) : SLICE_NONE,
				.rule = MASK_FIELDS,
				.is_word = true});
	return result;
}

static enum secrets_result take_out_fields(struct work *work)
{
	struct record *record = work->record;
	enum secrets_result result = SECRETS_NONE;

	for (unsigned i = 0; i < record->n_fields && result != SECRETS_FULL; i++) {
		if (work->masker->fields[record->fields[i].id] != MASK_KEEP)
			result = take_out(work, &record->fields[i]);
	}
	return result;
}

/* ---- values that the rules find ------------------------------------------------------- */

/* A short one with a letter can be looked for as a word. Digits could be anything. */
static bool is_short_word(struct slice value)
{
	bool has_letter = false;

	for (size_t i = 0; i < value.len; i++)
		has_letter = has_letter || (value.ptr[i] | 0x20) >= 'a';
	return value.len < SECRET_NAME_MIN && has_letter;
}

/* A value named by the field before it, from wherever it stands. */
static enum secrets_result take_out_named(struct work *work, struct field *field)
{
	enum mask_action action =
		(enum mask_action)work->masker->settings.actions[MASK_SECRETS];
	struct slice value = field_value(field);
	enum secrets_result result = replace_field(work, MASK_SECRETS, action, field);

	if (result == SECRETS_MASKED)
		hidden_values_add(&work->hidden,
			(struct hidden_value){.value = value,
				.with = action == MASK_TOKEN ? field_value(field) : SLICE_NONE,
				.rule = MASK_SECRETS,
				.is_word = is_short_word(value)});
	return result;
}

static bool is_named_secret(const struct work *work, unsigned i)
{
	const struct field *fields = work->record->fields;

	return fields[i].id == FIELD_OTHER_VALUE && i > 0 && fields[i].len > 0 &&
	       secrets_is_name(work->masker->secrets, field_value(&fields[i - 1]));
}

static enum secrets_result mask_fields(struct work *work)
{
	const struct masker *masker = work->masker;
	struct record *record = work->record;
	enum secrets_result result = SECRETS_NONE;

	for (unsigned i = 0; i < record->n_fields && result != SECRETS_FULL; i++) {
		struct field *field = &record->fields[i];

		if (masker->fields[field->id] != MASK_KEEP)
			continue;
		if (is_named_secret(work, i))
			result = take_out_named(work, field);
		else if (!slice_is_within(field_value(field), record->raw) &&
			 may_hold_secrets(field))
			result = mask_field(work, field);
	}
	return result;
}

static size_t size_of_arguments(const struct record *record)
{
	size_t size = 0;

	for (unsigned i = 0; i < record->n_fields; i++) {
		if (record->fields[i].id == FIELD_PROCESS_ARGS)
			size += record->fields[i].len + 1;
	}
	return size;
}

/* Arguments are a command line, whether a field has it whole or not. */
static enum secrets_result look_at_arguments(struct work *work)
{
	const struct record *record = work->record;
	size_t size = size_of_arguments(record);
	struct mask_tally uncounted = {0};

	if (size == 0 || work->masker->settings.actions[MASK_COMMANDS] == MASK_KEEP)
		return SECRETS_NONE;
	char *line = arena_alloc(work->arena, size), *to = line;
	if (line == NULL)
		return SECRETS_FULL;
	for (unsigned i = 0; i < record->n_fields; i++) {
		const struct field *field = &record->fields[i];

		if (field->id != FIELD_PROCESS_ARGS)
			continue;
		memcpy(to, field->ptr, field->len);
		to += field->len;
		*to++ = ' ';
	}
	struct slice text = slice_of(line, size - 1);
	return secrets_mask(work->masker->secrets, work->arena, NULL, &work->hidden,
		&work->edits, &uncounted, &text);
}

/* What was found in one value may stand in another, under no name there. */
static enum secrets_result hide_in_fields(struct work *work)
{
	struct record *record = work->record;
	enum secrets_result result = SECRETS_NONE;

	for (unsigned i = 0; i < record->n_fields && result != SECRETS_FULL; i++) {
		struct field *field = &record->fields[i];
		struct slice value = field_value(field);

		if (slice_is_within(value, record->raw) || !is_free_text(field))
			continue;
		result = noted(work, secrets_hide(work->masker->secrets, work->arena,
					     &work->hidden, &work->edits, work->tally, &value));
		if (result == SECRETS_MASKED)
			set_value(field, value);
	}
	return result;
}

/* More values were found than are kept: nobody knows where else they stand. */
static enum secrets_result hide_all_text(struct work *work)
{
	struct record *record = work->record;
	enum secrets_result result = SECRETS_NONE;

	for (unsigned i = 0; i < record->n_fields && result != SECRETS_FULL; i++) {
		if (is_free_text(&record->fields[i]))
			result = replace_field(
				work, MASK_SECRETS, MASK_HIDE, &record->fields[i]);
	}
	return result;
}

/* ---- all of it ------------------------------------------------------------------------ */

static enum secrets_result mask_all(struct work *work)
{
	enum secrets_result result = SECRETS_NONE;

	if (work->masker->has_fields)
		result = take_out_fields(work);
	if (result != SECRETS_FULL)
		result = look_at_arguments(work);
	if (result != SECRETS_FULL)
		result = mask_fields(work);
	if (result != SECRETS_FULL)
		result = mask_raw(work);
	if (result != SECRETS_FULL && work->hidden.n > 0)
		result = hide_in_fields(work);
	if (result != SECRETS_FULL && work->hidden.full)
		result = hide_all_text(work);
	return result;
}

/* The bytes from before they were decoded still have what went. */
static void drop_original(struct record *record)
{
	for (unsigned i = 0; i < record->n_fields; i++) {
		if (record->fields[i].id != FIELD_SOC_ORIGINAL_HEX)
			continue;
		record->n_fields--;
		memmove(&record->fields[i], &record->fields[i + 1],
			(record->n_fields - i) * sizeof(*record->fields));
		return;
	}
}

static void lose_line(struct record *record)
{
	record->raw = SLICE_LIT("");
	record->n_fields = 0;
	record->status = PARSE_DAMAGED;
	record->flags |= RECORD_MASKED | RECORD_TRUNCATED;
}

bool mask_record(const struct masker *masker, struct arena *arena, struct record *record,
	struct mask_tally *tally)
{
	struct work work;

	work.masker = masker;
	work.arena = arena;
	work.record = record;
	work.tally = tally;
	work.hidden.n = 0;
	work.hidden.full = false;
	work.hidden.effort = 0;
	work.masked = work.line_goes = false;
	if (mask_all(&work) == SECRETS_FULL) {
		lose_line(record);
		return false;
	}
	if (work.masked || work.line_goes) {
		record->flags |= RECORD_MASKED;
		drop_original(record);
	}
	if (work.line_goes) {
		record->raw = SLICE_LIT("");
		record->flags |= RECORD_TRUNCATED;
	}
	return true;
}

static bool is_empty(const struct mask_tally *tally)
{
	static const struct mask_tally none;

	return memcmp(tally, &none, sizeof(none)) == 0;
}

unsigned mask_batch(
	const struct masker *masker, struct batch *batch, mask_counted *counted, void *user)
{
	unsigned lost = 0;

	for (unsigned i = 0; i < batch->n_records; i++) {
		struct record *record = &batch->records[i];
		struct mask_tally tally = {0};

		lost += !mask_record(masker, &batch->arena, record, &tally);
		if (counted != NULL && !is_empty(&tally))
			counted(user, record, &tally);
	}
	return lost;
}
