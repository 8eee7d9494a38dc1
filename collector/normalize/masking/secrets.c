#include "collector/normalize/masking/secrets.h"

#include <stdlib.h>

#include "collector/normalize/masking/masking.h"
#include "collector/normalize/masking/personal.h"
#include "collector/normalize/masking/pseudonym.h"
#include "common/clock.h"
#include "common/needles.h"

/* What stands behind a name, and how far the secret goes. */
enum kind {
	KIND_NAME,    /* value behind '=' or ':' */
	KIND_EQUALS,  /* value behind '=', which is part of the needle */
	KIND_HEADER,  /* "authorization": a scheme, then the secret */
	KIND_COOKIE,  /* "cookie": everything up to the end of the header */
	KIND_BEARER,  /* "bearer ": one word */
	KIND_SQL,     /* "identified ": what stands in quotes behind BY */
	KIND_OPTION,  /* "--password ", "sshpass -p ": one argument */
	KIND_MYSQL,   /* "mysql": an argument "-pSECRET" of the same command */
	KIND_ACCOUNT, /* "curl": an argument "-u user:SECRET" of the same command */
	KIND_JWT,     /* "eyJ": a token of three parts (RFC 7519) */
	KIND_KEY,     /* "PRIVATE KEY-----": up to its end (RFC 7468) */
	KIND_OLD_ID,  /* nine digits behind it */
	KIND_BANK,    /* an account's digits behind it */
};

/* Bounds on what one marker makes us read: a line full of markers must cost no square. */
enum {
	COMMAND_MAX = 1024,
	USERINFO_MAX = 512,
	CLAUSE_MAX = 256,
	HINT_MAX = 32,    /* bytes between what a number is called and the number */
	JWT_MIN = 32,     /* bytes */
	WINDOW = 4096,    /* bytes with their escapes undone, at once */
	LAP = WINDOW / 4, /* of them are looked at again with those behind */
};

/* Digits of what has no check: old ids of citizens, accounts of banks. */
enum { OLD_ID_DIGITS = 9, ACCOUNT_DIGITS_MIN = 6, ACCOUNT_DIGITS_MAX = 19 };

struct marker {
	struct slice text;
	enum kind kind;
};

static const struct marker header_markers[] = {
	{{SLICE_BYTES("authorization")}, KIND_HEADER},
	{{SLICE_BYTES("x-api-key")}, KIND_HEADER},
	{{SLICE_BYTES("x-auth-token")}, KIND_HEADER},
	{{SLICE_BYTES("cookie")}, KIND_COOKIE},
	{{SLICE_BYTES("bearer ")}, KIND_BEARER},
	{{SLICE_BYTES("eyJ")}, KIND_JWT},
	{{SLICE_BYTES("PRIVATE KEY-----")}, KIND_KEY},
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

struct secrets {
	struct needles *needles;
	struct marker *markers; /* by number of the needle; texts are borrowed */
	enum mask_action actions[MASK_RULES];
	const struct pseudonym *pseudonym;
	struct personal wanted, any; /* by the policy; all of them, for values that are one */
	bool numbers;
};

static void add_names(struct secrets *secrets, size_t *n, const struct setting_texts *names)
{
	for (size_t i = 0; i < names->n; i++) {
		struct slice name = slice_str(names->items[i]);

		secrets->markers[(*n)++] = (struct marker){
			name, slice_ends(name, SLICE_LIT("=")) ? KIND_EQUALS : KIND_NAME};
	}
}

static void add_hints(struct secrets *secrets, size_t *n, const struct setting_texts *names,
	enum mask_rule rule, enum kind kind)
{
	for (size_t i = 0; secrets->actions[rule] != MASK_KEEP && i < names->n; i++)
		secrets->markers[(*n)++] = (struct marker){slice_str(names->items[i]), kind};
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
	size_t most = settings->names.n + settings->old_id_names.n + settings->account_names.n +
		      ARRAY_LEN(header_markers) + ARRAY_LEN(command_markers);
	struct secrets *secrets = calloc(1, sizeof(*secrets));
	struct slice *texts = calloc(most, sizeof(*texts));

	if (secrets == NULL || texts == NULL)
		abort();
	secrets->markers = calloc(most, sizeof(*secrets->markers));
	if (secrets->markers == NULL)
		abort();
	secrets->pseudonym = pseudonym;
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

static struct slice token_of(const struct secrets *secrets, struct arena *arena,
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
	return token_of(secrets, arena, whole.rule, value);
}

/* ---- one text --------------------------------------------------------------- */

struct masking {
	const struct secrets *secrets;
	struct arena *arena;
	struct slice text; /* as it came */
	struct edits *edits;
	struct mask_tally *tally;
	char *copy; /* NULL until something is masked */
	bool full;
	enum mask_rule rule; /* whose work is under way */
	/* Of a window with its escapes undone: where its bytes stand in the whole text. */
	struct masking *whole;
	const uint32_t *at;
};

static bool hide_as(struct masking *masking, size_t from, size_t to, struct slice with);
static size_t word_end(const struct masking *masking, size_t at);

/* A secret longer than the window goes on in the whole text. */
static bool hide_in_whole(struct masking *window, size_t from, size_t to, struct slice with)
{
	struct masking *whole = window->whole;
	size_t end = window->at[to];

	if (to == window->text.len)
		end = word_end(whole, end);
	whole->rule = window->rule;
	bool ok = hide_as(whole, window->at[from], end, with);
	window->full = whole->full;
	return ok;
}

/* Hidden before, by a marker further left: what stands here is part of that secret. */
static bool is_hidden(const struct masking *masking, size_t at)
{
	if (masking->whole != NULL)
		return is_hidden(masking->whole, masking->at[at]);
	return (masking->copy != NULL && masking->copy[at] == '*' &&
		       masking->text.ptr[at] != '*') ||
	       edits_have(masking->edits, at);
}

static bool hide_by_stars(struct masking *masking, size_t from, size_t to)
{
	if (masking->copy == NULL) {
		masking->copy = arena_alloc(masking->arena, masking->text.len);
		if (masking->copy == NULL) {
			masking->full = true;
			return false;
		}
		memcpy(masking->copy, masking->text.ptr, masking->text.len);
	}
	memset(masking->copy + from, '*', to - from);
	return true;
}

/* Bytes [from, to) of the text; `with` a token, or absent for stars. */
static bool hide_as(struct masking *masking, size_t from, size_t to, struct slice with)
{
	if (masking->whole != NULL)
		return hide_in_whole(masking, from, to, with);
	if (!is_hidden(masking, from))
		masking->tally->n[masking->rule]++;
	if (!slice_absent(with) && edits_add(masking->edits, from, to, with) != EDITS_FULL)
		return true;
	return hide_by_stars(masking, from, to);
}

/* Bytes [from, to) of the text, as the rule says. */
static bool hide(struct masking *masking, size_t from, size_t to)
{
	const struct secrets *secrets = masking->secrets;
	struct slice with = SLICE_NONE;

	if (from >= to || (is_hidden(masking, from) && is_hidden(masking, to - 1)))
		return true;
	if (secrets->actions[masking->rule] == MASK_TOKEN) {
		with = token_of(secrets, masking->arena, masking->rule,
			slice_of(masking->text.ptr + from, to - from));
		masking->full = slice_absent(with);
		if (masking->full)
			return false;
	}
	return hide_as(masking, from, to, with);
}

static char byte_at(const struct masking *masking, size_t at)
{
	return at < masking->text.len ? masking->text.ptr[at] : '\0';
}

static bool stands_at(const struct masking *masking, size_t at, struct slice what)
{
	return at <= masking->text.len && slice_starts(slice_from(masking->text, at), what);
}

static size_t skip_blanks(const struct masking *masking, size_t at)
{
	while (byte_at(masking, at) == ' ')
		at++;
	return at;
}

/* The length of a quote at `at`: '"', '\'', '\"' as in JSON within JSON, "%22"; 0 = none. */
static size_t quote_len(const struct masking *masking, size_t at)
{
	char byte = byte_at(masking, at);

	if (byte == '"' || byte == '\'')
		return 1;
	if (byte == '\\' && byte_at(masking, at + 1) == '"')
		return 2;
	return stands_at(masking, at, SLICE_LIT("%22")) ? 3 : 0;
}

static bool ends_word(char byte)
{
	switch (byte) {
	case ' ':
	case '\t':
	case '\r':
	case '\n':
	case '&':
	case ';':
	case ',':
	case '"':
	case '\'':
	case '<':
	case '>':
	case ')':
	case ']':
	case '}':
	case '#':
		return true;
	default:
		return false;
	}
}

static size_t word_end(const struct masking *masking, size_t at)
{
	while (at < masking->text.len && !ends_word(masking->text.ptr[at]))
		at++;
	return at;
}

/* The end of what stands behind the quote of `len` bytes before `at`. */
static size_t quoted_end(const struct masking *masking, size_t at, size_t len)
{
	struct slice quote = slice_of(masking->text.ptr + at - len, len);

	for (size_t end = at; end < masking->text.len; end++) {
		if (len == 1 && masking->text.ptr[end] == '\\')
			end++;
		else if (stands_at(masking, end, quote))
			return end;
	}
	return masking->text.len;
}

/* A value, quoted or a word. */
static bool hide_value(struct masking *masking, size_t at)
{
	at = skip_blanks(masking, at);
	size_t quote = quote_len(masking, at);

	if (quote > 0)
		return hide(masking, at + quote, quoted_end(masking, at + quote, quote));
	return hide(masking, at, word_end(masking, at));
}

/* Behind "name", "name\"", "name ": the place behind '=', ':', "=>", "%3D"; 0 = none there. */
static size_t behind_separator(const struct masking *masking, size_t at)
{
	at = skip_blanks(masking, at + quote_len(masking, at));
	if (stands_at(masking, at, SLICE_LIT("%3D")) ||
		stands_at(masking, at, SLICE_LIT("%3d")))
		return at + 3;
	if (stands_at(masking, at, SLICE_LIT("=>")))
		return at + 2;
	if (byte_at(masking, at) == '=' || byte_at(masking, at) == ':')
		return at + 1;
	return 0;
}

static bool is_letter(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* The first quoted text of a clause of SQL: BY 'SECRET', WITH plugin BY 'SECRET'. */
static bool hide_first_quoted(struct masking *masking, size_t at)
{
	size_t most = at + CLAUSE_MAX;

	while (at < masking->text.len && at < most && quote_len(masking, at) == 0)
		at++;
	return quote_len(masking, at) == 0 || hide_value(masking, at);
}

/* Whether these words, in any case, end there. */
static bool words_end_at(const struct masking *masking, size_t end, struct slice words)
{
	return end >= words.len &&
	       slice_eq_nocase(slice_of(masking->text.ptr + end - words.len, words.len), words);
}

/* SET PASSWORD FOR 'an'@'%' = 'SECRET' */
static bool hide_set_password(struct masking *masking, size_t at)
{
	size_t most = at + CLAUSE_MAX;

	while (at < masking->text.len && at < most && masking->text.ptr[at] != '=')
		at++;
	if (byte_at(masking, at) != '=')
		return true;
	at = skip_blanks(masking, at + 1);
	return quote_len(masking, at) == 0 || hide_value(masking, at);
}

/* PASSWORD 'SECRET', PASSWORD('SECRET') */
static bool hide_sql_password(struct masking *masking, size_t behind)
{
	size_t at = skip_blanks(masking, behind);

	if (words_end_at(masking, behind, SLICE_LIT("set password")))
		return hide_set_password(masking, behind);
	if (byte_at(masking, at) == '(')
		at = skip_blanks(masking, at + 1);
	return at == behind || quote_len(masking, at) == 0 || hide_value(masking, at);
}

static bool hide_named(struct masking *masking, size_t behind_name)
{
	size_t at = behind_separator(masking, behind_name);

	if (at > 0)
		return hide_value(masking, at);
	return !words_end_at(masking, behind_name, SLICE_LIT("password")) ||
	       hide_sql_password(masking, behind_name);
}

/* "Authorization: Basic YWxh", "x-api-key":"k": a scheme stays readable. */
static bool hide_header(struct masking *masking, size_t behind_name)
{
	size_t at = behind_separator(masking, behind_name);
	size_t end;

	if (at == 0)
		return true;
	at = skip_blanks(masking, at);
	at += quote_len(masking, at);
	end = word_end(masking, at);
	if (byte_at(masking, end) == ' ' && end - at <= sizeof("Negotiate") - 1) {
		at = end + 1;
		end = word_end(masking, at);
	}
	return hide(masking, at, end);
}

/* "Cookie: a=b; c=d", up to a quote or the line's end. */
static bool hide_cookie(struct masking *masking, size_t behind_name)
{
	size_t at = behind_separator(masking, behind_name);
	size_t end;

	if (at == 0 || byte_at(masking, at - 1) != ':')
		return true;
	at = skip_blanks(masking, at);
	at += quote_len(masking, at);
	for (end = at; end < masking->text.len; end++) {
		if (quote_len(masking, end) > 0 || byte_at(masking, end) == '\n')
			break;
	}
	return hide(masking, at, end);
}

/* The end of the command that runs at `at`; further than COMMAND_MAX nobody looks. */
static size_t command_end(const struct masking *masking, size_t at)
{
	size_t most = at + COMMAND_MAX;

	while (at < masking->text.len && at < most && masking->text.ptr[at] != ';' &&
		masking->text.ptr[at] != '|' && masking->text.ptr[at] != '&')
		at++;
	return at;
}

/* mysql -u root -pSECRET; with a blank behind -p it asks for the password. */
static bool hide_mysql(struct masking *masking, size_t at)
{
	size_t end = command_end(masking, at);

	for (; at + 3 < end; at++) {
		if (stands_at(masking, at, SLICE_LIT(" -p")) && byte_at(masking, at + 3) != ' ')
			return hide_value(masking, at + 3);
	}
	return true;
}

/* curl -u user:SECRET */
static bool hide_account(struct masking *masking, size_t at)
{
	size_t end = command_end(masking, at);

	for (; at + 4 < end; at++) {
		size_t argument = 0;

		if (stands_at(masking, at, SLICE_LIT(" -u ")))
			argument = at + 4;
		else if (stands_at(masking, at, SLICE_LIT(" --user ")))
			argument = at + 8;
		if (argument == 0)
			continue;
		argument += quote_len(masking, argument);
		size_t stop = word_end(masking, argument);
		for (size_t colon = argument; colon < stop; colon++) {
			if (byte_at(masking, colon) == ':')
				return hide(masking, colon + 1, stop);
		}
	}
	return true;
}

/* A short name inside a longer word ("bypass=") is another word. */
static bool stands_alone(const struct masking *masking, size_t at, size_t len)
{
	return len > sizeof("xxxx=") - 1 || at == 0 || !is_letter(masking->text.ptr[at - 1]);
}

/* "PWD=/srv" is the working directory of a shell or of sudo, no password. */
static bool is_directory(const struct masking *masking, size_t at)
{
	return stands_at(masking, at, SLICE_LIT("PWD=/"));
}

static bool is_base64url(char byte)
{
	return is_letter(byte) || (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
}

/* "eyJ...": header, payload and signature. Within such a word nothing else begins. */
static bool hide_jwt(struct masking *masking, size_t at)
{
	char before = at > 0 ? masking->text.ptr[at - 1] : ' ';
	size_t end = at, dots = 0;

	if (is_base64url(before) || before == '.' || !stands_at(masking, at, SLICE_LIT("eyJ")))
		return true;
	while (is_base64url(byte_at(masking, end)) || byte_at(masking, end) == '.')
		dots += byte_at(masking, end++) == '.';
	return dots < 2 || end - at < JWT_MIN || hide(masking, at, end);
}

static bool hide_private_key(struct masking *masking, size_t at)
{
	struct slice rest = slice_from(masking->text, at);

	return hide(masking, at, at + slice_search(rest, SLICE_LIT("-----END")));
}

static bool hide_number_behind(
	struct masking *masking, enum mask_rule rule, size_t at, unsigned least, unsigned most)
{
	size_t from, to;

	masking->rule = rule;
	return !personal_number_behind(masking->text, at, HINT_MAX, least, most, &from, &to) ||
	       hide(masking, from, to);
}

static bool on_marker(void *user, unsigned number, size_t at)
{
	struct masking *masking = user;
	const struct marker *marker = &masking->secrets->markers[number];
	size_t behind = at + marker->text.len;

	if (is_hidden(masking, at))
		return true;
	masking->rule = marker->kind < KIND_OPTION || marker->kind > KIND_ACCOUNT
				? MASK_SECRETS
				: MASK_COMMANDS;
	switch (marker->kind) {
	case KIND_NAME:
		return hide_named(masking, behind);
	case KIND_EQUALS:
		return !stands_alone(masking, at, marker->text.len) ||
		       is_directory(masking, at) || hide_value(masking, behind);
	case KIND_HEADER:
		return hide_header(masking, behind);
	case KIND_COOKIE:
		return hide_cookie(masking, behind);
	case KIND_BEARER:
	case KIND_OPTION:
		return hide_value(masking, behind);
	case KIND_SQL:
		return hide_first_quoted(masking, behind);
	case KIND_MYSQL:
		return hide_mysql(masking, behind);
	case KIND_ACCOUNT:
		return hide_account(masking, behind - 1);
	case KIND_JWT:
		return hide_jwt(masking, at);
	case KIND_KEY:
		return hide_private_key(masking, behind);
	case KIND_OLD_ID:
		return hide_number_behind(
			masking, MASK_OLD_IDS, behind, OLD_ID_DIGITS, OLD_ID_DIGITS);
	case KIND_BANK:
		return hide_number_behind(
			masking, MASK_ACCOUNTS, behind, ACCOUNT_DIGITS_MIN, ACCOUNT_DIGITS_MAX);
	}
	return true;
}

/* "scheme://user:SECRET@host" */
static bool hide_userinfo(struct masking *masking)
{
	struct slice rest = masking->text;

	for (size_t at; (at = slice_find(rest, '@')) < rest.len;
		rest = slice_from(rest, at + 1)) {
		size_t end = (size_t)(rest.ptr - masking->text.ptr) + at, start = end;
		size_t colon = 0;

		while (start > 0 && end - start < USERINFO_MAX &&
			!ends_word(masking->text.ptr[start - 1]) &&
			masking->text.ptr[start - 1] != '/' &&
			masking->text.ptr[start - 1] != '@') {
			start--;
			if (masking->text.ptr[start] == ':')
				colon = start;
		}
		if (colon == 0 || start < 3 || !stands_at(masking, start - 3, SLICE_LIT("://")))
			continue;
		if (!hide(masking, colon + 1, end))
			return false;
	}
	return true;
}

/* ---- numbers and addresses of people ------------------------------------------- */

static bool on_personal(void *user, enum personal_kind kind, size_t from, size_t to)
{
	struct masking *masking = user;

	masking->rule = rule_of_kind[kind];
	return hide(masking, from, to);
}

/* ---- values of the policy's fields ----------------------------------------------- */

static bool is_word_byte(char byte)
{
	return is_base64url(byte) && byte != '-';
}

/* A value stands there by itself; a short one could be part of any word. */
static bool is_whole_word(struct slice text, size_t at, size_t len)
{
	return !(at > 0 && is_word_byte(text.ptr[at - 1]) && is_word_byte(text.ptr[at])) &&
	       !(at + len < text.len && is_word_byte(text.ptr[at + len]) &&
		       is_word_byte(text.ptr[at + len - 1]));
}

static bool hide_value_everywhere(struct masking *masking, struct hidden_value *hidden)
{
	struct slice text = masking->text;

	masking->rule = MASK_FIELDS;
	for (size_t at = 0; at < text.len;) {
		at += slice_search(slice_from(text, at), hidden->value);
		if (at >= text.len)
			break;
		if (is_whole_word(text, at, hidden->value.len)) {
			hidden->found = true;
			if (!is_hidden(masking, at) &&
				!hide_as(masking, at, at + hidden->value.len, hidden->with))
				return false;
		}
		at += hidden->value.len;
	}
	return true;
}

/* ---- one text, whole -------------------------------------------------------------- */

static bool scan_text(struct masking *masking, struct hidden_values *hidden)
{
	const struct secrets *secrets = masking->secrets;

	for (unsigned i = 0; i < hidden->n; i++) {
		if (!hide_value_everywhere(masking, &hidden->items[i]))
			return false;
	}
	if (!needles_scan(secrets->needles, masking->text, on_marker, masking))
		return false;
	masking->rule = MASK_SECRETS;
	if (secrets->actions[MASK_SECRETS] != MASK_KEEP && !hide_userinfo(masking))
		return false;
	if (secrets->numbers &&
		!personal_find_numbers(&secrets->wanted, masking->text, on_personal, masking))
		return false;
	return secrets->actions[MASK_EMAILS] == MASK_KEEP ||
	       personal_find_emails(masking->text, on_personal, masking);
}

/* ---- with escapes undone ----------------------------------------------------------- */

static int hex_digit(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

/* Two digits that make a byte of ASCII that can be seen; -1. */
static int ascii_of(struct slice digits)
{
	int high = hex_digit(digits.ptr[0]), low = hex_digit(digits.ptr[1]);
	int byte = high << 4 | low;

	return high < 0 || low < 0 || byte < ' ' || byte > '~' ? -1 : byte;
}

/* Bytes of an escape at `at`, "\u0030" or "%30"; 0 = there is none. */
static size_t escape_at(struct slice text, size_t at, char *byte)
{
	struct slice rest = slice_from(text, at);
	size_t len = 0;

	if (rest.len >= 3 && rest.ptr[0] == '%')
		len = 3;
	else if (rest.len >= 6 && slice_starts(rest, SLICE_LIT("\\u00")))
		len = 6;
	if (len == 0)
		return 0;
	int value = ascii_of(slice_of(rest.ptr + len - 2, 2));
	*byte = (char)value;
	return value < 0 ? 0 : len;
}

struct window {
	char text[WINDOW];
	uint32_t at[WINDOW + 1];
	size_t n;
};

/* From `at` on; where the next one would go on. */
static size_t fill_window(struct window *window, struct slice text, size_t at)
{
	for (window->n = 0; window->n < WINDOW && at < text.len; window->n++) {
		char *byte = &window->text[window->n];
		size_t len;

		window->at[window->n] = (uint32_t)at;
		*byte = text.ptr[at];
		len = *byte == '%' || *byte == '\\' ? escape_at(text, at, byte) : 0;
		if (len == 0 && *byte == '\\' && at + 1 < text.len && text.ptr[at + 1] == '\\')
			len = 2; /* it escapes the next one, which begins nothing then */
		if (len == 0)
			*byte = text.ptr[at];
		at += len == 0 ? 1 : len;
	}
	window->at[window->n] = (uint32_t)at;
	return at;
}

/* The first of these bytes that begins an escape, from `at` on. */
static size_t find_escape(struct slice text, size_t at, char with)
{
	char byte;

	while (at < text.len) {
		at += slice_find(slice_from(text, at), with);
		if (at >= text.len || escape_at(text, at, &byte) > 0)
			break;
		at++;
	}
	return at;
}

static bool scan_window(
	struct masking *whole, const struct window *window, struct hidden_values *hidden)
{
	struct masking masking = {
		.secrets = whole->secrets,
		.arena = whole->arena,
		.text = slice_of(window->text, window->n),
		.edits = whole->edits,
		.tally = whole->tally,
		.whole = whole,
		.at = window->at,
	};
	bool ok = scan_text(&masking, hidden);

	whole->full = whole->full || masking.full;
	return ok;
}

static size_t earlier(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool scan_windows(
	struct masking *whole, size_t percent, size_t backslash, struct hidden_values *hidden)
{
	const struct slice text = whole->text;
	struct window window;

	for (size_t from = 0;;) {
		size_t escape = earlier(percent, backslash), end;

		if (escape == text.len)
			return true;
		if (escape > from + LAP)
			from = escape - LAP;
		end = fill_window(&window, text, from);
		if (!scan_window(whole, &window, hidden))
			return false;
		if (end == text.len)
			return true;
		from = window.at[window.n - LAP];
		if (percent < end)
			percent = find_escape(text, end, '%');
		if (backslash < end)
			backslash = find_escape(text, end, '\\');
	}
}

static bool scan_escaped(struct masking *whole, struct hidden_values *hidden)
{
	size_t percent = find_escape(whole->text, 0, '%');
	size_t backslash = find_escape(whole->text, 0, '\\');

	if (earlier(percent, backslash) >= whole->text.len)
		return true;
	return scan_windows(whole, percent, backslash, hidden);
}

enum secrets_result secrets_mask(const struct secrets *secrets, struct arena *arena,
	struct hidden_values *hidden, struct edits *edits, struct mask_tally *tally,
	struct slice *text)
{
	struct masking masking = {.secrets = secrets,
		.arena = arena,
		.text = *text,
		.edits = edits,
		.tally = tally};

	edits->n = 0;
	bool done = scan_text(&masking, hidden) && scan_escaped(&masking, hidden);
	if (!done || masking.full)
		return SECRETS_FULL;
	if (masking.copy != NULL)
		*text = slice_of(masking.copy, text->len);
	if (edits->n > 0)
		return edits_apply(edits, arena, text) ? SECRETS_MASKED : SECRETS_FULL;
	return masking.copy != NULL ? SECRETS_MASKED : SECRETS_NONE;
}
