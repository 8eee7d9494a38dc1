#include "collector/normalize/masking/secrets_private.h"

#include "collector/normalize/masking/masking.h"
#include "collector/normalize/masking/personal.h"

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

size_t masking_word_end(const struct masking *masking, size_t at)
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
	*end = quote > 0 ? quoted_end(masking, at, quote) : masking_word_end(masking, at);
	bool ok = masking_hide(masking, at, *end);
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
size_t masking_behind_separator(const struct masking *masking, size_t at)
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
	size_t at = masking_behind_separator(masking, behind_name);

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
	size_t at = masking_behind_separator(masking, behind_name), quote;

	if (at == 0)
		return true;
	at = skip_blanks(masking, at);
	at = value_start(masking, at + (byte_at(masking, at) == '['), &quote);
	size_t end = masking_word_end(masking, at);
	if (end == at || byte_at(masking, end) != ' ')
		return masking_hide(masking, at, end);
	size_t next = skip_blanks(masking, end);
	size_t behind = parameters_end(masking, next);
	if (behind > next)
		return masking_hide(masking, next, behind);
	behind = masking_word_end(masking, next);
	if (is_simple_scheme(slice_of(masking->text.ptr + at, end - at)))
		return masking_hide(masking, next, behind);
	return masking_hide(masking, at, end) && masking_hide(masking, next, behind);
}

/* "Cookie: a=b; c=d", up to a quote or the line's end. */
static bool hide_cookie(struct masking *masking, size_t behind_name)
{
	size_t at = masking_behind_separator(masking, behind_name), quote;
	size_t end;

	if (at == 0 || byte_at(masking, at - 1) != ':')
		return true;
	at = skip_blanks(masking, at);
	at = value_start(masking, at + (byte_at(masking, at) == '['), &quote);
	for (end = at; end < masking->text.len; end++) {
		if (quote_len(masking, end) > 0 || byte_at(masking, end) == '\n')
			break;
	}
	return masking_hide(masking, at, end);
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
	size_t end = quote > 0 ? quoted_end(masking, at, quote) : masking_word_end(masking, at);
	for (size_t colon = at; colon < end && colon < most; colon++) {
		if (byte_at(masking, colon) == ':')
			return masking_hide(masking, colon + 1, end);
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
bool masking_stands_alone(const struct masking *masking, size_t at, size_t len)
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
	size_t value = masking_behind_separator(masking, behind_name), quote;

	if (value == 0 || !masking_stands_alone(masking, at, behind_name - at) ||
		is_directory(masking, at, value))
		return true;
	if (byte_at(masking, value - 1) != '=') {
		(void)value_start(masking, value, &quote);
		if (quote == 0 || quote_len(masking, skip_suffix(masking, behind_name)) == 0)
			return true;
	}
	return hide_value(masking, value);
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
	return dots < 2 || end - at < JWT_MIN || masking_hide(masking, at, end);
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
	return masking_hide(masking, at, at + slice_search(rest, SLICE_LIT("-----END")));
}

static bool hide_number_behind(
	struct masking *masking, enum mask_rule rule, size_t at, unsigned least, unsigned most)
{
	size_t from, to;

	masking->rule = rule;
	return !personal_number_behind(masking->text, at, HINT_MAX, least, most, &from, &to) ||
	       masking_hide(masking, from, to);
}

bool masking_on_marker(void *user, unsigned number, size_t at)
{
	struct masking *masking = user;
	const struct marker *marker = &masking->secrets->markers[number];
	size_t behind = at + marker->text.len;

	if (masking_is_hidden(masking, at))
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
	return colon == 0 || last < colon || masking_hide(masking, colon + 1, last);
}

/* "scheme://user:SECRET@host" */
bool masking_hide_userinfo(struct masking *masking)
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
