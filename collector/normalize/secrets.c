#include "collector/normalize/secrets.h"

#include <stdlib.h>

#include "collector/normalize/masking.h"
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
};

/* Bounds on what one marker makes us read: a line full of markers must cost no square. */
enum { COMMAND_MAX = 1024, USERINFO_MAX = 512, CLAUSE_MAX = 256 };

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
	bool in_urls, citizen_ids, card_numbers;
};

static void add_names(struct secrets *secrets, size_t *n, const struct setting_texts *names)
{
	for (size_t i = 0; i < names->n; i++) {
		struct slice name = slice_str(names->items[i]);

		secrets->markers[(*n)++] = (struct marker){
			name, slice_ends(name, SLICE_LIT("=")) ? KIND_EQUALS : KIND_NAME};
	}
}

static void add_markers(
	struct secrets *secrets, size_t *n, const struct marker *markers, size_t count)
{
	memcpy(secrets->markers + *n, markers, count * sizeof(*markers));
	*n += count;
}

struct secrets *secrets_new(const struct masking_settings *settings)
{
	size_t most =
		settings->names.n + ARRAY_LEN(header_markers) + ARRAY_LEN(command_markers);
	struct secrets *secrets = calloc(1, sizeof(*secrets));
	struct slice *texts = calloc(most, sizeof(*texts));
	size_t n = 0;

	if (secrets == NULL || texts == NULL)
		abort();
	secrets->markers = calloc(most, sizeof(*secrets->markers));
	if (secrets->markers == NULL)
		abort();
	secrets->in_urls = settings->secrets;
	secrets->citizen_ids = settings->citizen_ids;
	secrets->card_numbers = settings->card_numbers;
	if (settings->secrets) {
		add_names(secrets, &n, &settings->names);
		add_markers(secrets, &n, header_markers, ARRAY_LEN(header_markers));
	}
	if (settings->commands)
		add_markers(secrets, &n, command_markers, ARRAY_LEN(command_markers));
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

/* ---- one text --------------------------------------------------------------- */

struct masking {
	const struct secrets *secrets;
	struct arena *arena;
	struct slice text; /* as it came */
	char *copy;        /* NULL until something is masked */
	bool full;
};

/* Bytes [from, to) of the text. */
static bool hide(struct masking *masking, size_t from, size_t to)
{
	if (from >= to)
		return true;
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

/* Hidden before, by a marker further left: what stands here is part of that secret. */
static bool is_hidden(const struct masking *masking, size_t at)
{
	return masking->copy != NULL && masking->copy[at] == '*' &&
	       masking->text.ptr[at] != '*';
}

/* "PWD=/srv" is the working directory of a shell or of sudo, no password. */
static bool is_directory(const struct masking *masking, size_t at)
{
	return stands_at(masking, at, SLICE_LIT("PWD=/"));
}

static bool on_marker(void *user, unsigned number, size_t at)
{
	struct masking *masking = user;
	const struct marker *marker = &masking->secrets->markers[number];
	size_t behind = at + marker->text.len;

	if (is_hidden(masking, at))
		return true;
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

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/*
 * 12 digits since 2016 (Circular 59/2021/TT-BCA §4): three of the place of birth (001..096,
 * with gaps), one of century and sex, two of the year of birth, six by chance.
 */
static bool is_citizen_id(const char *digits)
{
	unsigned place = (unsigned)(digits[0] - '0') * 100 + (unsigned)(digits[1] - '0') * 10 +
			 (unsigned)(digits[2] - '0');

	return place >= 1 && place <= 96 && digits[3] <= '3';
}

/* ISO/IEC 7812-1: the check digit of Luhn. */
static bool is_card_number(const char *digits, size_t len)
{
	unsigned sum = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned digit = (unsigned)(digits[len - 1 - i] - '0');

		if (i % 2 == 1)
			digit = digit > 4 ? digit * 2 - 9 : digit * 2;
		sum += digit;
	}
	return digits[0] >= '2' && digits[0] <= '6' && sum % 10 == 0;
}

static bool is_word_byte(char byte)
{
	return is_digit(byte) || is_letter(byte) || byte == '_';
}

static bool is_number_to_hide(const struct masking *masking, size_t from, size_t to)
{
	const char *digits = masking->text.ptr + from;

	if (from > 0 && is_word_byte(masking->text.ptr[from - 1]))
		return false;
	if (is_word_byte(byte_at(masking, to)))
		return false;
	return (masking->secrets->citizen_ids && to - from == 12 && is_citizen_id(digits)) ||
	       (masking->secrets->card_numbers && to - from == 16 &&
		       is_card_number(digits, 16));
}

/* A run of 12 digits covers a place divisible by 12: only these are looked at. */
static bool hide_numbers(struct masking *masking)
{
	const char *text = masking->text.ptr;

	for (size_t at = 0; at < masking->text.len; at += 12) {
		size_t from = at, to = at;

		if (!is_digit(text[at]))
			continue;
		while (from > 0 && is_digit(text[from - 1]))
			from--;
		while (to < masking->text.len && is_digit(text[to]))
			to++;
		if (is_number_to_hide(masking, from, to) && !hide(masking, from, to))
			return false;
		at = to - to % 12;
	}
	return true;
}

enum secrets_result secrets_mask(
	const struct secrets *secrets, struct arena *arena, struct slice *text)
{
	struct masking masking = {.secrets = secrets, .arena = arena, .text = *text};

	bool done =
		needles_scan(secrets->needles, *text, on_marker, &masking) &&
		(!secrets->in_urls || hide_userinfo(&masking)) &&
		(!(secrets->citizen_ids || secrets->card_numbers) || hide_numbers(&masking));
	if (!done || masking.full)
		return SECRETS_FULL;
	if (masking.copy == NULL)
		return SECRETS_NONE;
	*text = slice_of(masking.copy, text->len);
	return SECRETS_MASKED;
}
