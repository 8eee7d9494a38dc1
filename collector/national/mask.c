#include "collector/national/mask.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

enum {
	TOKEN_BYTES = 6,
	DIGITS_MIN = 9,
	DIGITS_MAX = 12,
	DIGEST_SIZE = 32,
	NAME_MAX_BYTES = 255
};

/* ---- names -------------------------------------------------------------------------- */

/* Windows does not tell "An" from "an". */
static size_t fold(struct slice name, char folded[NAME_MAX_BYTES])
{
	size_t len = name.len < NAME_MAX_BYTES ? name.len : NAME_MAX_BYTES;

	for (size_t i = 0; i < len; i++) {
		char byte = name.ptr[i];

		folded[i] = byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
	}
	return len;
}

static void add_token(
	const struct national_profile *profile, struct slice name, struct strbuf *out)
{
	unsigned char digest[DIGEST_SIZE];
	char folded[NAME_MAX_BYTES];
	unsigned len = sizeof(digest);

	if (profile->mask_key_len == 0) {
		strbuf_add_str(out, "user");
		return;
	}
	size_t n = fold(name, folded);
	HMAC(EVP_sha256(), profile->mask_key, (int)profile->mask_key_len,
		(const unsigned char *)folded, n, digest, &len);
	strbuf_add_str(out, "u-");
	for (unsigned i = 0; i < TOKEN_BYTES; i++)
		strbuf_addf(out, "%02x", digest[i]);
}

/* ---- one part of a path --------------------------------------------------------------- */

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static size_t count_digits(struct slice text)
{
	size_t n = 0;

	while (n < text.len && is_digit(text.ptr[n]))
		n++;
	return n;
}

static void add_without_numbers(struct slice text, struct strbuf *out)
{
	while (text.len > 0) {
		size_t n = count_digits(text);

		if (n >= DIGITS_MIN && n <= DIGITS_MAX)
			strbuf_add_byte(out, '#');
		else
			strbuf_add(out, slice_head(text, n > 0 ? n : 1));
		text = slice_from(text, n > 0 ? n : 1);
	}
}

static void add_part(
	const struct national_profile *profile, struct slice part, struct strbuf *out)
{
	size_t at = slice_find(part, '@');

	if (at > 0 && at < part.len) {
		add_token(profile, slice_head(part, at), out);
		part = slice_from(part, at);
	}
	add_without_numbers(part, out);
}

/* ---- a path --------------------------------------------------------------------------- */

/* The folders above a user's own, the last one first. */
static const char *const homes[][4] = {
	{"home"}, {"users"}, {"documents and settings"}, {"mail", "var"},
	{"mail", "spool", "var"}, {"crontabs", "cron", "spool"},
	{"user", "run"}, /* numbers of users */
};

enum { DEPTH = 3 };

/* The parts before, the last one first; absent slices beyond the beginning. */
struct above {
	struct slice parts[DEPTH];
};

static bool is_home(const struct above *above, const char *const *names)
{
	for (size_t i = 0; names[i] != NULL; i++) {
		if (!slice_eq_nocase(above->parts[i], slice_str(names[i])))
			return false;
	}
	return true;
}

static bool is_user(const struct above *above)
{
	for (size_t i = 0; i < ARRAY_LEN(homes); i++) {
		if (is_home(above, homes[i]))
			return true;
	}
	return false;
}

static size_t part_len(struct slice path)
{
	size_t n = 0;

	while (n < path.len && path.ptr[n] != '/' && path.ptr[n] != '\\')
		n++;
	return n;
}

void mask_path(const struct national_profile *profile, struct slice path, struct strbuf *out)
{
	struct above above = {0};

	while (path.len > 0) {
		struct slice part = slice_head(path, part_len(path));

		if (part.len > 0 && is_user(&above))
			add_token(profile, part, out);
		else
			add_part(profile, part, out);
		if (part.len > 0) { /* "//" is one separator */
			memmove(above.parts + 1, above.parts, (DEPTH - 1) * sizeof(part));
			above.parts[0] = part;
		}
		path = slice_from(path, part.len);
		if (path.len > 0) {
			strbuf_add_byte(out, path.ptr[0]);
			path = slice_from(path, 1);
		}
	}
}
