#include "collector/normalize/masking/secrets_private.h"

#include <stdlib.h>

#include "collector/normalize/masking/masking.h"
#include "collector/normalize/masking/personal.h"
#include "collector/normalize/masking/pseudonym.h"
#include "collector/normalize/masking/spellings.h"
#include "common/clock.h"
#include "common/needles.h"

enum { NAME_SPELT_MAX = 128 /* bytes */, SPELT_MAX = 1 << 20 };

static const struct marker header_markers[] = {
	{{SLICE_BYTES("authorization")}, KIND_HEADER},
	{{SLICE_BYTES("x-api-key")}, KIND_HEADER},
	{{SLICE_BYTES("x-auth-token")}, KIND_HEADER},
	{{SLICE_BYTES("cookie")}, KIND_COOKIE},
	{{SLICE_BYTES("bearer ")}, KIND_BEARER},
	{{SLICE_BYTES("eyJ")}, KIND_JWT},
	{{SLICE_BYTES("PRIVATE KEY-----")}, KIND_KEY},
	{{SLICE_BYTES("PRIVATE+KEY-----")}, KIND_KEY},
	{{SLICE_BYTES("PRIVATE KEY BLOCK-----")}, KIND_KEY},
	{{SLICE_BYTES("identified by ")}, KIND_SQL},
	{{SLICE_BYTES("identified with ")}, KIND_SQL},
	{{SLICE_BYTES("identified via ")}, KIND_SQL},
};

static const struct marker command_markers[] = {
	{{SLICE_BYTES("--password ")}, KIND_OPTION},
	{{SLICE_BYTES("--passwd ")}, KIND_OPTION},
	{{SLICE_BYTES("--pass ")}, KIND_OPTION},
	{{SLICE_BYTES("sshpass -p")}, KIND_OPTION},
	{{SLICE_BYTES("mysql")}, KIND_MYSQL},
	{{SLICE_BYTES("mariadb")}, KIND_MYSQL},
	{{SLICE_BYTES("curl ")}, KIND_ACCOUNT},
};

static bool is_marker(
	const struct secrets *secrets, size_t n, struct slice text, enum kind kind)
{
	for (size_t i = 0; i < n; i++) {
		if (secrets->markers[i].kind == kind &&
			slice_eq(secrets->markers[i].text, text))
			return true;
	}
	return false;
}

/* However it is spelt; a name longer than any as it is. */
static void add_spellings(struct secrets *secrets, size_t *n, struct slice name, enum kind kind)
{
	char text[SPELLING_GROWTH * NAME_SPELT_MAX];

	if (!is_marker(secrets, *n, name, kind))
		secrets->markers[(*n)++] = (struct marker){name, kind};
	for (unsigned i = 1; i < SPELLINGS && name.len <= NAME_SPELT_MAX; i++) {
		const struct slice spelt = slice_of(text, spelling_write(name, i, text));

		if (!is_marker(secrets, *n, spelt, kind))
			secrets->markers[(*n)++] =
				(struct marker){arena_copy(&secrets->spelt, spelt), kind};
	}
}

static void add_names(struct secrets *secrets, size_t *n, const struct setting_texts *names)
{
	for (size_t i = 0; i < names->n; i++) {
		struct slice name = slice_str(names->items[i]);

		bool equals = slice_ends(name, SLICE_LIT("="));

		add_spellings(secrets, n, slice_head(name, name.len - equals),
			equals ? KIND_EQUALS : KIND_NAME);
	}
}

static void add_hints(struct secrets *secrets, size_t *n, const struct setting_texts *names,
	enum mask_rule rule, enum kind kind)
{
	for (size_t i = 0; secrets->actions[rule] != MASK_KEEP && i < names->n; i++)
		add_spellings(secrets, n, slice_str(names->items[i]), kind);
}

static void add_markers(
	struct secrets *secrets, size_t *n, const struct marker *markers, size_t count)
{
	memcpy(secrets->markers + *n, markers, count * sizeof(*markers));
	*n += count;
}

static void take_actions(struct secrets *secrets, const struct masking_settings *settings)
{
	for (unsigned i = 0; i < MASK_RULES; i++)
		secrets->actions[i] = (enum mask_action)settings->actions[i];
}

static void prepare_personal(struct secrets *secrets, const struct masking_settings *settings)
{
	struct personal *wanted = &secrets->wanted;
	struct civil today;

	clock_to_civil(clock_wall_ns(), 0, &today);
	wanted->year = today.year;
	for (size_t i = 0; i < settings->phone_prefixes.n; i++)
		(void)!personal_add_phone_prefix(
			wanted, slice_str(settings->phone_prefixes.items[i]));
	secrets->any = *wanted;
	wanted->wanted[PERSONAL_CITIZEN_ID] = secrets->actions[MASK_CITIZEN_IDS] != MASK_KEEP;
	wanted->wanted[PERSONAL_PHONE] = secrets->actions[MASK_PHONES] != MASK_KEEP;
	wanted->wanted[PERSONAL_CARD] = secrets->actions[MASK_CARDS] != MASK_KEEP;
	secrets->numbers = wanted->wanted[PERSONAL_CITIZEN_ID] ||
			   wanted->wanted[PERSONAL_PHONE] || wanted->wanted[PERSONAL_CARD];
	memset(secrets->any.wanted, true, sizeof(secrets->any.wanted));
}

static size_t collect_markers(struct secrets *secrets, const struct masking_settings *settings)
{
	size_t n = 0;

	if (secrets->actions[MASK_SECRETS] != MASK_KEEP) {
		add_names(secrets, &n, &settings->names);
		add_markers(secrets, &n, header_markers, ARRAY_LEN(header_markers));
	}
	if (secrets->actions[MASK_COMMANDS] != MASK_KEEP)
		add_markers(secrets, &n, command_markers, ARRAY_LEN(command_markers));
	add_hints(secrets, &n, &settings->old_id_names, MASK_OLD_IDS, KIND_OLD_ID);
	add_hints(secrets, &n, &settings->account_names, MASK_ACCOUNTS, KIND_BANK);
	return n;
}

struct secrets *secrets_new(
	const struct masking_settings *settings, const struct pseudonym *pseudonym)
{
	size_t most = SPELLINGS * (settings->names.n + settings->old_id_names.n +
					  settings->account_names.n) +
		      ARRAY_LEN(header_markers) + ARRAY_LEN(command_markers);
	struct secrets *secrets = calloc(1, sizeof(*secrets));
	struct slice *texts = calloc(most, sizeof(*texts));

	if (secrets == NULL || texts == NULL)
		abort();
	secrets->markers = calloc(most, sizeof(*secrets->markers));
	if (secrets->markers == NULL)
		abort();
	secrets->pseudonym = pseudonym;
	arena_init(&secrets->spelt, SPELT_MAX);
	take_actions(secrets, settings);
	prepare_personal(secrets, settings);
	size_t n = collect_markers(secrets, settings);
	for (size_t i = 0; i < n; i++)
		texts[i] = secrets->markers[i].text;
	secrets->needles = needles_new(texts, n);
	free(texts);
	return secrets;
}

void secrets_free(struct secrets *secrets)
{
	if (secrets == NULL)
		return;
	needles_free(secrets->needles);
	arena_done(&secrets->spelt);
	free(secrets->markers);
	free(secrets);
}

/* ---- tokens ----------------------------------------------------------------- */

/* Kinds in tokens; of a rule, the same value has one kind wherever it stands. */
static const struct slice token_kinds[MASK_RULES] = {
	[MASK_SECRETS] = {SLICE_BYTES("secret")},
	[MASK_COMMANDS] = {SLICE_BYTES("secret")},
	[MASK_CITIZEN_IDS] = {SLICE_BYTES("cccd")},
	[MASK_OLD_IDS] = {SLICE_BYTES("cmnd")},
	[MASK_PHONES] = {SLICE_BYTES("phone")},
	[MASK_EMAILS] = {SLICE_BYTES("email")},
	[MASK_CARDS] = {SLICE_BYTES("card")},
	[MASK_ACCOUNTS] = {SLICE_BYTES("account")},
	[MASK_FIELDS] = {SLICE_BYTES("value")},
};

static const enum mask_rule rule_of_kind[PERSONAL_KINDS] = {
	[PERSONAL_CITIZEN_ID] = MASK_CITIZEN_IDS,
	[PERSONAL_PHONE] = MASK_PHONES,
	[PERSONAL_CARD] = MASK_CARDS,
	[PERSONAL_EMAIL] = MASK_EMAILS,
};

struct slice masking_token(const struct secrets *secrets, struct arena *arena,
	enum mask_rule rule, struct slice value)
{
	char canonical[PERSONAL_EMAIL_MAX];

	for (unsigned kind = 0; kind < PERSONAL_KINDS; kind++) {
		if (rule_of_kind[kind] == rule)
			value = personal_canonical((enum personal_kind)kind, value, canonical);
	}
	return pseudonym_of(secrets->pseudonym, arena, token_kinds[rule], value);
}

struct whole_value {
	size_t len;
	enum mask_rule rule;
};

static bool on_whole_value(void *user, enum personal_kind kind, size_t from, size_t to)
{
	struct whole_value *whole = user;

	if (from <= 1 && to == whole->len)
		whole->rule = rule_of_kind[kind];
	return false;
}

struct slice secrets_token(
	const struct secrets *secrets, struct arena *arena, struct slice value)
{
	struct whole_value whole = {value.len, MASK_FIELDS};

	if (personal_find_numbers(&secrets->any, value, on_whole_value, &whole))
		(void)personal_find_emails(value, on_whole_value, &whole);
	return masking_token(secrets, arena, whole.rule, value);
}

/* ---- numbers and addresses of people ------------------------------------------- */

static bool on_personal(void *user, enum personal_kind kind, size_t from, size_t to)
{
	struct masking *masking = user;

	masking->rule = rule_of_kind[kind];
	return masking_hide(masking, from, to);
}

/* ---- one text, whole -------------------------------------------------------------- */

bool masking_scan(struct masking *masking)
{
	const struct secrets *secrets = masking->secrets;

	if (!needles_scan(secrets->needles, masking->text, masking_on_marker, masking))
		return false;
	masking->rule = MASK_SECRETS;
	if (secrets->actions[MASK_SECRETS] != MASK_KEEP && !masking_hide_userinfo(masking))
		return false;
	if (secrets->numbers &&
		!personal_find_numbers(&secrets->wanted, masking->text, on_personal, masking))
		return false;
	return secrets->actions[MASK_EMAILS] == MASK_KEEP ||
	       personal_find_emails(masking->text, on_personal, masking);
}

/* Makes the text what was found out. */
static enum secrets_result finish_text(struct masking *masking, bool done, struct slice *text)
{
	if (!done || masking->full)
		return SECRETS_FULL;
	if (masking->copy != NULL)
		*text = slice_of(masking->copy, text->len);
	if (masking->edits->n > 0)
		return edits_apply(masking->edits, masking->arena, text) ? SECRETS_MASKED
									 : SECRETS_FULL;
	return masking->copy != NULL ? SECRETS_MASKED : SECRETS_NONE;
}

enum secrets_result secrets_mask(const struct secrets *secrets, struct arena *arena,
	struct hidden_values *hidden, struct hidden_values *learnt, struct edits *edits,
	struct mask_tally *tally, struct slice *text)
{
	struct masking masking = {.secrets = secrets,
		.arena = arena,
		.text = *text,
		.edits = edits,
		.tally = tally,
		.learnt = learnt};

	edits->n = 0;
	bool done = masking_scan(&masking) && masking_scan_escaped(&masking) &&
		    (hidden == NULL || masking_scan_hidden(&masking, hidden));
	return finish_text(&masking, done, text);
}

enum secrets_result secrets_hide(const struct secrets *secrets, struct arena *arena,
	struct hidden_values *hidden, struct edits *edits, struct mask_tally *tally,
	struct slice *text)
{
	struct masking masking = {.secrets = secrets,
		.arena = arena,
		.text = *text,
		.edits = edits,
		.tally = tally};

	edits->n = 0;
	return finish_text(&masking, masking_scan_hidden(&masking, hidden), text);
}

/* ---- names ------------------------------------------------------------------------------- */

struct named {
	const struct masking *masking;
	bool is_secret;
};

/* The name ends with the text but for its last byte, a '='. */
static bool on_name(void *user, unsigned number, size_t at)
{
	struct named *named = user;
	const struct masking *masking = named->masking;
	const struct marker *marker = &masking->secrets->markers[number];
	size_t behind = at + marker->text.len;

	if (marker->kind <= KIND_COOKIE)
		named->is_secret =
			masking_behind_separator(masking, behind) == masking->text.len &&
			(marker->kind != KIND_EQUALS ||
				masking_stands_alone(masking, at, marker->text.len));
	return !named->is_secret;
}

bool secrets_is_name(const struct secrets *secrets, struct slice name)
{
	char text[NAME_TAIL + 1];
	size_t len = name.len < NAME_TAIL ? name.len : NAME_TAIL;
	struct masking masking = {.secrets = secrets, .text = slice_of(text, len + 1)};
	struct named named = {&masking, false};

	memcpy(text, name.ptr + name.len - len, len);
	text[len] = '=';
	(void)!needles_scan(secrets->needles, masking.text, on_name, &named);
	return named.is_secret;
}
