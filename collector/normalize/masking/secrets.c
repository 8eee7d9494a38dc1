#include "collector/normalize/masking/secrets.h"

#include <stdlib.h>

#include "collector/normalize/masking/masking.h"
#include "collector/normalize/masking/personal.h"
#include "collector/normalize/masking/pseudonym.h"
#include "common/clock.h"
#include "common/needles.h"
#include "common/netaddr.h"

/* What stands behind a name, and how far the secret goes. */
enum kind {
	KIND_NAME,    /* value behind '=' or ':' */
	KIND_EQUALS,  /* value behind '='; behind ':' when both are quoted */
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
	NAME_TAIL = 96,   /* bytes at the end of a name that are looked at */
	LEAD_MAX = 8,     /* bytes before a short value that tell where it stands */
	LABEL_MAX = 40,   /* "-----BEGIN ENCRYPTED PRIVATE KEY-----" */
	EFFORT_MAX = 1 << 20,
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

		bool equals = slice_ends(name, SLICE_LIT("="));

		secrets->markers[(*n)++] = (struct marker){
			slice_head(name, name.len - equals), equals ? KIND_EQUALS : KIND_NAME};
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
	struct hidden_values *learnt;    /* NULL = nobody wants to know */
	char *copy;                      /* NULL until something is masked */
	size_t mysql_done, account_done; /* of commands, looked at so far */
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

static bool is_all_hidden(const struct masking *masking, size_t from, size_t to)
{
	while (from < to && is_hidden(masking, from))
		from++;
	return from == to;
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

static bool is_address(struct slice text)
{
	struct netaddr addr;

	return netaddr_parse(text, &addr);
}

/* Nobody's password is an address: who writes one there wants it out of the record. */
static void learn(struct masking *masking, size_t from, size_t to, struct slice with)
{
	struct slice text = masking->text;
	size_t lead = 0;

	if (is_address(slice_of(text.ptr + from, to - from)))
		return;
	if (to - from < SECRET_NAME_MIN)
		lead = from < LEAD_MAX ? from : LEAD_MAX;
	hidden_values_add(masking->learnt,
		(struct hidden_value){
			.value = slice_of(text.ptr + from - lead, to - from + lead),
			.with = with,
			.lead = lead,
			.rule = masking->rule});
}

/* Bytes [from, to) of the text; `with` a token, or absent for stars. */
static bool hide_as(struct masking *masking, size_t from, size_t to, struct slice with)
{
	if (masking->whole != NULL)
		return hide_in_whole(masking, from, to, with);
	if (!is_hidden(masking, from))
		masking->tally->n[masking->rule]++;
	if (masking->learnt != NULL)
		learn(masking, from, to, with);
	if (!slice_absent(with) && edits_add(masking->edits, from, to, with) == EDITS_TAKEN)
		return true;
	return hide_by_stars(masking, from, to);
}

/* Bytes [from, to) of the text, as the rule says. */
static bool hide(struct masking *masking, size_t from, size_t to)
{
	const struct secrets *secrets = masking->secrets;
	struct slice with = SLICE_NONE;

	if (from >= to || is_all_hidden(masking, from, to))
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
	while (byte_at(masking, at) == ' ' || byte_at(masking, at) == '\t')
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

static bool is_letter(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* Where a value begins behind blanks, with its quote: u'x', b"x", N'x' have a letter before. */
static size_t value_start(const struct masking *masking, size_t at, size_t *quote)
{
	at = skip_blanks(masking, at);
	if (is_letter(byte_at(masking, at)) && quote_len(masking, at + 1) > 0)
		at++;
	*quote = quote_len(masking, at);
	return at + *quote;
}

/* Quoted or a word; *end is behind it. */
static bool hide_one(struct masking *masking, size_t at, size_t *end)
{
	size_t quote;

	at = value_start(masking, at, &quote);
	*end = quote > 0 ? quoted_end(masking, at, quote) : word_end(masking, at);
	bool ok = hide(masking, at, *end);
	*end += quote;
	return ok;
}

/* A value, or those of a list: ["a", "b"]. */
static bool hide_value(struct masking *masking, size_t at)
{
	at = skip_blanks(masking, at);
	if (byte_at(masking, at) != '[')
		return hide_one(masking, at, &at);
	do {
		if (!hide_one(masking, at + 1, &at))
			return false;
		at = skip_blanks(masking, at);
	} while (byte_at(masking, at) == ',');
	return true;
}

/* What follows a name and makes none other of it: password2, password_confirmation. */
static size_t skip_suffix(const struct masking *masking, size_t at)
{
	static const struct slice suffixes[] = {{SLICE_BYTES("confirmation")},
		{SLICE_BYTES("confirm")}, {SLICE_BYTES("again")}, {SLICE_BYTES("repeat")},
		{SLICE_BYTES("new")}, {SLICE_BYTES("old")}, {SLICE_BYTES("current")}};
	size_t behind = at + (byte_at(masking, at) == '_' || byte_at(masking, at) == '-');

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		size_t end = behind + suffixes[i].len;

		if (end <= masking->text.len &&
			slice_eq_nocase(slice_of(masking->text.ptr + behind, suffixes[i].len),
				suffixes[i]))
			return end;
	}
	while (byte_at(masking, behind) >= '0' && byte_at(masking, behind) <= '9')
		at = ++behind;
	return at;
}

/* user[password], user%5Bpassword%5D, "password", <Data Name="password">, <password> */
static size_t skip_name_end(const struct masking *masking, size_t at)
{
	at = skip_suffix(masking, at);
	if (byte_at(masking, at) == ']')
		at++;
	else if (stands_at(masking, at, SLICE_LIT("%5D")) ||
		 stands_at(masking, at, SLICE_LIT("%5d")))
		at += 3;
	at += quote_len(masking, at);
	return byte_at(masking, at) == ']' ? at + 1 : at;
}

/* Behind "name", "name\"", "name ": the place behind '=', ':', "=>", "%3D"; 0 = none there. */
static size_t behind_separator(const struct masking *masking, size_t at)
{
	at = skip_blanks(masking, skip_name_end(masking, at));
	if (stands_at(masking, at, SLICE_LIT("%3D")) ||
		stands_at(masking, at, SLICE_LIT("%3d")))
		return at + 3;
	if (stands_at(masking, at, SLICE_LIT("=>")))
		return at + 2;
	if (byte_at(masking, at) == '=' || byte_at(masking, at) == ':' ||
		byte_at(masking, at) == '>')
		return at + 1;
	return 0;
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

static bool is_simple_scheme(struct slice scheme)
{
	static const struct slice schemes[] = {{SLICE_BYTES("Basic")}, {SLICE_BYTES("Bearer")},
		{SLICE_BYTES("Negotiate")}, {SLICE_BYTES("NTLM")}, {SLICE_BYTES("Token")},
		{SLICE_BYTES("ApiKey")}};

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		if (slice_eq_nocase(scheme, schemes[i]))
			return true;
	}
	return false;
}

/* The end of a parameter, 'name="value"' or 'name=value', that begins at `at`; `at` = none. */
static size_t parameter_end(const struct masking *masking, size_t at)
{
	size_t end = at;

	while (is_letter(byte_at(masking, end)) || byte_at(masking, end) == '_' ||
		byte_at(masking, end) == '-')
		end++;
	if (end == at || byte_at(masking, end) != '=')
		return at;
	size_t quote = quote_len(masking, ++end);
	if (quote > 0)
		return quoted_end(masking, end + quote, quote) + quote;
	while (byte_at(masking, end) == ';' || byte_at(masking, end) == '&' ||
		(end < masking->text.len && !ends_word(byte_at(masking, end))))
		end++;
	return end;
}

/* The end of 'name="value", name=value'; `at` = there are none. */
static size_t parameters_end(const struct masking *masking, size_t at)
{
	size_t end = parameter_end(masking, at);

	while (end > at && byte_at(masking, end) == ',') {
		size_t next = skip_blanks(masking, end + 1);
		size_t behind = parameter_end(masking, next);

		if (behind == next)
			break;
		end = behind;
	}
	return end < masking->text.len ? end : masking->text.len;
}

/* "Authorization: Basic YWxh", "x-api-key":"k", "Authorization: Digest username=..., ...": a
 * scheme stays readable where it is known to be one. */
static bool hide_header(struct masking *masking, size_t behind_name)
{
	size_t at = behind_separator(masking, behind_name), quote;

	if (at == 0)
		return true;
	at = skip_blanks(masking, at);
	at = value_start(masking, at + (byte_at(masking, at) == '['), &quote);
	size_t end = word_end(masking, at);
	if (end == at || byte_at(masking, end) != ' ')
		return hide(masking, at, end);
	size_t next = skip_blanks(masking, end);
	size_t behind = parameters_end(masking, next);
	if (behind > next)
		return hide(masking, next, behind);
	behind = word_end(masking, next);
	if (is_simple_scheme(slice_of(masking->text.ptr + at, end - at)))
		return hide(masking, next, behind);
	return hide(masking, at, end) && hide(masking, next, behind);
}

/* "Cookie: a=b; c=d", up to a quote or the line's end. */
static bool hide_cookie(struct masking *masking, size_t behind_name)
{
	size_t at = behind_separator(masking, behind_name), quote;
	size_t end;

	if (at == 0 || byte_at(masking, at - 1) != ':')
		return true;
	at = skip_blanks(masking, at);
	at = value_start(masking, at + (byte_at(masking, at) == '['), &quote);
	for (end = at; end < masking->text.len; end++) {
		if (quote_len(masking, end) > 0 || byte_at(masking, end) == '\n')
			break;
	}
	return hide(masking, at, end);
}

/* The end of the command that runs at `at`, known not to be before `done`; further than
 * COMMAND_MAX nobody looks. */
static size_t command_end(const struct masking *masking, size_t at, size_t done)
{
	size_t most = at + COMMAND_MAX;

	if (at < done)
		at = done;
	while (at < masking->text.len && at < most && masking->text.ptr[at] != ';' &&
		masking->text.ptr[at] != '|' && masking->text.ptr[at] != '&')
		at++;
	return at;
}

/* What of a command was looked at for a marker further left is not looked at again, but for
 * an option that may have been cut. */
static size_t command_start(size_t at, size_t done)
{
	static const size_t option = sizeof(" --user ") - 1;

	return at + option < done ? done - option : at;
}

/* mysql -u root -pSECRET; with a blank behind -p it asks for the password. */
static bool hide_mysql(struct masking *masking, size_t at)
{
	size_t end = command_end(masking, at, masking->mysql_done);

	at = command_start(at, masking->mysql_done);
	masking->mysql_done = end;
	for (; at + 3 < end; at++) {
		if (stands_at(masking, at, SLICE_LIT(" -p")) &&
			byte_at(masking, at + 3) != ' ' && !hide_value(masking, at + 3))
			return false;
	}
	return true;
}

/* user:SECRET */
static bool hide_pair(struct masking *masking, size_t at, size_t most)
{
	size_t quote;

	at = value_start(masking, at, &quote);
	size_t end = quote > 0 ? quoted_end(masking, at, quote) : word_end(masking, at);
	for (size_t colon = at; colon < end && colon < most; colon++) {
		if (byte_at(masking, colon) == ':')
			return hide(masking, colon + 1, end);
	}
	return true;
}

/* curl -u user:SECRET */
static bool hide_account(struct masking *masking, size_t at)
{
	size_t end = command_end(masking, at, masking->account_done);

	at = command_start(at, masking->account_done);
	masking->account_done = end;
	for (; at + 4 < end; at++) {
		size_t argument = 0;

		if (stands_at(masking, at, SLICE_LIT(" -u ")))
			argument = at + 4;
		else if (stands_at(masking, at, SLICE_LIT(" --user ")) ||
			 stands_at(masking, at, SLICE_LIT(" --user=")))
			argument = at + 8;
		if (argument > 0 && !hide_pair(masking, argument, end))
			return false;
	}
	return true;
}

/* A short name inside a longer word ("bypass=") is another word. */
static bool stands_alone(const struct masking *masking, size_t at, size_t len)
{
	return len > sizeof("xxxx") - 1 || at == 0 || !is_letter(masking->text.ptr[at - 1]);
}

/* "PWD=/srv" is the working directory of a shell or of sudo, no password. */
static bool is_directory(const struct masking *masking, size_t name, size_t value)
{
	size_t quote;

	value = value_start(masking, value, &quote);
	return stands_at(masking, name, SLICE_LIT("PWD")) && byte_at(masking, value) == '/';
}

/* token=x, "token":"x", and not "token: 3 left" */
static bool hide_equals(struct masking *masking, size_t at, size_t behind_name)
{
	size_t value = behind_separator(masking, behind_name), quote;

	if (value == 0 || !stands_alone(masking, at, behind_name - at) ||
		is_directory(masking, at, value))
		return true;
	if (byte_at(masking, value - 1) != '=') {
		(void)value_start(masking, value, &quote);
		if (quote == 0 || quote_len(masking, skip_suffix(masking, behind_name)) == 0)
			return true;
	}
	return hide_value(masking, value);
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

/* "-----END RSA PRIVATE KEY-----": the words before `at` */
static bool ends_key(const struct masking *masking, size_t at)
{
	size_t start = at;

	while (start > 0 && at - start < LABEL_MAX && masking->text.ptr[start - 1] != '-')
		start--;
	return stands_at(masking, start, SLICE_LIT("END"));
}

static bool hide_private_key(struct masking *masking, size_t label_end, size_t at)
{
	struct slice rest = slice_from(masking->text, at);

	if (ends_key(masking, label_end))
		return true;
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
		return hide_equals(masking, at, behind);
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
		return hide_private_key(masking, at, behind);
	case KIND_OLD_ID:
		return hide_number_behind(
			masking, MASK_OLD_IDS, behind, OLD_ID_DIGITS, OLD_ID_DIGITS);
	case KIND_BANK:
		return hide_number_behind(
			masking, MASK_ACCOUNTS, behind, ACCOUNT_DIGITS_MIN, ACCOUNT_DIGITS_MAX);
	}
	return true;
}

static bool ends_authority(char byte)
{
	switch (byte) {
	case '/':
	case ' ':
	case '\t':
	case '\r':
	case '\n':
	case '"':
	case '\'':
	case '<':
	case '>':
	case '\\':
		return true;
	default:
		return false;
	}
}

/* "user:SECRET@host" at `at`: a password may have '@' in it. */
static bool hide_in_authority(struct masking *masking, size_t at)
{
	size_t most = at + USERINFO_MAX, colon = 0, last = 0;

	for (; at < masking->text.len && at < most && !ends_authority(byte_at(masking, at));
		at++) {
		if (byte_at(masking, at) == ':' && colon == 0)
			colon = at;
		else if (byte_at(masking, at) == '@')
			last = at;
	}
	return colon == 0 || last < colon || hide(masking, colon + 1, last);
}

/* "scheme://user:SECRET@host" */
static bool hide_userinfo(struct masking *masking)
{
	static const struct slice mark = {SLICE_BYTES("://")};
	struct slice text = masking->text;

	if (slice_find(text, '@') == text.len)
		return true;
	for (size_t at = slice_search(text, mark); at < text.len;
		at += slice_search(slice_from(text, at), mark)) {
		at += mark.len;
		if (!hide_in_authority(masking, at))
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

static bool has_bytes_to_hide(struct slice value)
{
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] != '*')
			return true;
	}
	return false;
}

void hidden_values_add(struct hidden_values *hidden, struct hidden_value value)
{
	unsigned at = 0;

	if (!has_bytes_to_hide(slice_from(value.value, value.lead)))
		return;
	for (unsigned i = 0; i < hidden->n; i++) {
		const struct hidden_value *other = &hidden->items[i];

		if (slice_eq(other->value, value.value) && other->lead == value.lead &&
			other->is_word <= value.is_word)
			return;
		at += other->value.len >= value.value.len;
	}
	hidden->full = hidden->full || hidden->n == HIDDEN_VALUES_MAX;
	if (hidden->full)
		return;
	memmove(&hidden->items[at + 1], &hidden->items[at],
		(hidden->n - at) * sizeof(*hidden->items));
	hidden->items[at] = value;
	hidden->n++;
}

static bool hide_again(
	struct masking *masking, struct hidden_value *hidden, size_t from, size_t to)
{
	hidden->found = true;
	masking->rule = hidden->rule;
	return is_all_hidden(masking, from, to) || hide_as(masking, from, to, hidden->with);
}

static bool hide_as_it_is(struct masking *masking, struct hidden_value *hidden)
{
	struct slice text = masking->text, value = hidden->value;

	for (size_t at = 0; at < text.len; at += value.len) {
		at += slice_search(slice_from(text, at), value);
		if (at >= text.len)
			break;
		if ((!hidden->is_word || is_whole_word(text, at, value.len)) &&
			!hide_again(masking, hidden, at + hidden->lead, at + value.len))
			return false;
	}
	return true;
}

/* A short one may be anything elsewhere. */
static bool is_searched(const struct hidden_value *hidden)
{
	return hidden->is_word || hidden->value.len >= SECRET_NAME_MIN;
}

static bool hide_value_everywhere(struct masking *masking, struct hidden_value *hidden)
{
	if (masking->whole == NULL && slice_is_within(hidden->value, masking->text)) {
		size_t at = (size_t)(hidden->value.ptr - masking->text.ptr);

		if (!hide_again(masking, hidden, at + hidden->lead, at + hidden->value.len))
			return false;
	}
	return !is_searched(hidden) || hide_as_it_is(masking, hidden);
}

static bool hide_values(struct masking *masking, struct hidden_values *hidden)
{
	for (unsigned i = 0; i < hidden->n; i++) {
		if (!hide_value_everywhere(masking, &hidden->items[i]))
			return false;
	}
	return true;
}

/* ---- one text, whole -------------------------------------------------------------- */

static bool scan_text(struct masking *masking)
{
	const struct secrets *secrets = masking->secrets;

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

	if (slice_starts(rest, SLICE_LIT("\\/"))) {
		*byte = '/';
		return 2;
	}
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

static bool scan_window(struct masking *whole, const struct window *window)
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
	bool ok = scan_text(&masking);

	whole->full = whole->full || masking.full;
	return ok;
}

static size_t earlier(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool scan_windows(struct masking *whole, size_t percent, size_t backslash)
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
		if (!scan_window(whole, &window))
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

static bool scan_escaped(struct masking *whole)
{
	size_t percent = find_escape(whole->text, 0, '%');
	size_t backslash = find_escape(whole->text, 0, '\\');

	if (earlier(percent, backslash) >= whole->text.len)
		return true;
	return scan_windows(whole, percent, backslash);
}

/* ---- values of other texts, however they are written --------------------------------- */

/* "\"", "\\", "\/", "\n" ...: of JSON (RFC 8259, section 7) */
static bool plain_escape(char letter, char *byte)
{
	static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	const char *found = letter != '\0' ? strchr(letters, letter) : NULL;

	if (found != NULL)
		*byte = bytes[found - letters];
	return found != NULL;
}

/* Bytes of the text at `at` that may stand for `byte`; 0 = another one stands there. */
static size_t written_as(struct slice text, size_t at, char byte)
{
	char undone;
	size_t len = escape_at(text, at, &undone);

	if (len > 0 && undone == byte)
		return len;
	if (text.ptr[at] == '\\' && at + 1 < text.len &&
		plain_escape(text.ptr[at + 1], &undone) && undone == byte)
		return 2;
	return text.ptr[at] == byte;
}

/* Two digits of hexadecimal at `at` (of auditd), or 0. */
static size_t written_in_hex(struct slice text, size_t at, char byte)
{
	if (at + 2 > text.len)
		return 0;
	int high = hex_digit(text.ptr[at]), low = hex_digit(text.ptr[at + 1]);

	return high >= 0 && low >= 0 && (high << 4 | low) == (unsigned char)byte ? 2 : 0;
}

typedef size_t writing(struct slice text, size_t at, char byte);

/* Where `value` that begins at `at` ends; 0 = it does not stand there. *lead is its part that
 * stays. */
static size_t written_end(struct hidden_values *values, const struct hidden_value *hidden,
	struct slice text, size_t at, writing *written, size_t *lead)
{
	for (size_t i = 0; i < hidden->value.len; i++) {
		size_t len = at < text.len ? written(text, at, hidden->value.ptr[i]) : 0;

		values->effort++;
		if (i == hidden->lead)
			*lead = at;
		if (len == 0)
			return 0;
		at += len;
	}
	return at;
}

/* False when the arena is full. What was not looked at is as good as not found. */
static bool hide_written(struct masking *masking, struct hidden_values *values,
	struct hidden_value *hidden, writing *written)
{
	struct slice text = masking->text;

	for (size_t at = 0; at < text.len;) {
		size_t lead = at;
		size_t end = written_end(values, hidden, text, at, written, &lead);

		if (values->effort > EFFORT_MAX) {
			values->full = true;
			return true;
		}
		if (end > 0 && hidden->is_word && !is_whole_word(text, at, end - at))
			end = 0;
		if (end > 0 && !hide_again(masking, hidden, lead, end))
			return false;
		at = end > 0 ? end : at + 1;
	}
	return true;
}

/* With escapes, in the hexadecimal digits of auditd. A name that stands in the line in plain is
 * not looked for in those. */
static bool hide_however_written(struct masking *masking, struct hidden_values *values)
{
	bool escapes = slice_find(masking->text, '\\') < masking->text.len ||
		       slice_find(masking->text, '%') < masking->text.len;

	for (unsigned i = 0; i < values->n; i++) {
		struct hidden_value *hidden = &values->items[i];

		if (!is_searched(hidden))
			continue;
		if (escapes && !hide_written(masking, values, hidden, written_as))
			return false;
		if (hidden->value.len >= SECRET_NAME_MIN &&
			!(hidden->is_word && hidden->found) &&
			!hide_written(masking, values, hidden, written_in_hex))
			return false;
	}
	return true;
}

static bool scan_hidden(struct masking *masking, struct hidden_values *hidden)
{
	masking->learnt = NULL;
	return hide_values(masking, hidden) && hide_however_written(masking, hidden);
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
	bool done = scan_text(&masking) && scan_escaped(&masking) &&
		    (hidden == NULL || scan_hidden(&masking, hidden));
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
	return finish_text(&masking, scan_hidden(&masking, hidden), text);
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
		named->is_secret = behind_separator(masking, behind) == masking->text.len &&
				   (marker->kind != KIND_EQUALS ||
					   stands_alone(masking, at, marker->text.len));
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
