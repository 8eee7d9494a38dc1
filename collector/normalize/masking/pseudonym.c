/* The functions of SHA-256 itself: EVP allocates for every message, and fetches nothing that we
 * would want another implementation of. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "collector/normalize/masking/pseudonym.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"

enum {
	BLOCK = SHA256_CBLOCK,
	ID_MAX = 8,
	KEY_MIN = 32,
	KEY_MAX = 64,
	LETTERS = 20,
	FILE_MOST = 1 << 16,
};

struct key {
	char id[ID_MAX + 1];
	SHA256_CTX inner, outer; /* behind the padded key */
};

struct pseudonym {
	size_t n;
	struct key keys[PSEUDONYM_KEYS_MAX];
};

/* ---- keys -------------------------------------------------------------------------- */

static int hex_value(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

static bool read_hex(struct slice text, unsigned char key[BLOCK], size_t *len)
{
	if (text.len % 2 != 0 || text.len / 2 < KEY_MIN || text.len / 2 > KEY_MAX)
		return false;
	for (size_t i = 0; i < text.len; i += 2) {
		int high = hex_value(text.ptr[i]), low = hex_value(text.ptr[i + 1]);

		if (high < 0 || low < 0)
			return false;
		key[i / 2] = (unsigned char)(high << 4 | low);
	}
	*len = text.len / 2;
	return true;
}

static bool is_id(struct slice text)
{
	if (text.len == 0 || text.len > ID_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char byte = text.ptr[i];

		if (!(byte >= 'a' && byte <= 'z') && !(byte >= '0' && byte <= '9'))
			return false;
	}
	return true;
}

static void pad(SHA256_CTX *state, const unsigned char key[BLOCK], unsigned char with)
{
	unsigned char block[BLOCK];

	for (size_t i = 0; i < BLOCK; i++)
		block[i] = key[i] ^ with;
	SHA256_Init(state);
	SHA256_Update(state, block, BLOCK);
	OPENSSL_cleanse(block, sizeof(block));
}

static bool has_id(const struct pseudonym *pseudonym, struct slice id)
{
	for (size_t i = 0; i < pseudonym->n; i++) {
		if (slice_eq(slice_str(pseudonym->keys[i].id), id))
			return true;
	}
	return false;
}

static bool add_key(struct pseudonym *pseudonym, struct slice line, struct err *err)
{
	unsigned char bytes[BLOCK] = {0};
	struct slice rest = slice_trim(slice_head(line, slice_find(line, '\r'))), id;
	size_t len;

	if (rest.len == 0 || rest.ptr[0] == '#')
		return true;
	(void)slice_cut(&rest, ' ', &id);
	if (!is_id(id))
		return err_set(err,
			"a line is 'ID HEX', ID of 1 to %d small letters and digits", ID_MAX);
	if (slice_absent(rest) || !read_hex(slice_trim(rest), bytes, &len))
		return err_set(err, "a key has %d to %d bytes, in hexadecimal digits", KEY_MIN,
			KEY_MAX);
	if (has_id(pseudonym, id))
		return err_set(err, "there is a key of that name already");
	if (pseudonym->n == PSEUDONYM_KEYS_MAX)
		return err_set(err, "more than %d keys", PSEUDONYM_KEYS_MAX);

	struct key *key = &pseudonym->keys[pseudonym->n++];
	memcpy(key->id, id.ptr, id.len);
	pad(&key->inner, bytes, 0x36);
	pad(&key->outer, bytes, 0x5c);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return true;
}

struct pseudonym *pseudonym_parse(const char *name, struct slice text, struct err *err)
{
	struct pseudonym *pseudonym = calloc(1, sizeof(*pseudonym));
	struct pos at = {.file = name};
	struct slice line;
	struct err wrong;

	if (pseudonym == NULL)
		abort();
	while (slice_cut(&text, '\n', &line)) {
		at.line++;
		if (!add_key(pseudonym, line, &wrong)) {
			err_at(err, at, "%s", wrong.text);
			pseudonym_free(pseudonym);
			return NULL;
		}
	}
	if (pseudonym->n > 0)
		return pseudonym;
	err_at(err, at, "no key; 'openssl rand -hex 32' makes one");
	pseudonym_free(pseudonym);
	return NULL;
}

static bool check_mode(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return err_sys(err, "%s", path);
	if ((st.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)) != 0)
		return err_set(err, "%s: others may read or change it; chmod 640", path);
	return true;
}

struct pseudonym *pseudonym_load(const char *path, struct err *err)
{
	struct strbuf text = STRBUF_INIT(FILE_MOST);
	struct pseudonym *pseudonym = NULL;

	if (check_mode(path, err) && file_read(path, &text, err))
		pseudonym = pseudonym_parse(path, strbuf_slice(&text), err);
	if (text.ptr != NULL)
		OPENSSL_cleanse(text.ptr, text.len);
	strbuf_done(&text);
	return pseudonym;
}

void pseudonym_free(struct pseudonym *pseudonym)
{
	if (pseudonym == NULL)
		return;
	OPENSSL_cleanse(pseudonym, sizeof(*pseudonym));
	free(pseudonym);
}

/* ---- tokens ------------------------------------------------------------------------- */

static void hmac(const struct key *key, struct slice kind, struct slice value,
	unsigned char digest[SHA256_DIGEST_LENGTH])
{
	SHA256_CTX state = key->inner;

	SHA256_Update(&state, kind.ptr, kind.len);
	SHA256_Update(&state, "", 1);
	SHA256_Update(&state, value.ptr, value.len);
	SHA256_Final(digest, &state);
	state = key->outer;
	SHA256_Update(&state, digest, SHA256_DIGEST_LENGTH);
	SHA256_Final(digest, &state);
}

size_t pseudonym_keys(const struct pseudonym *pseudonym)
{
	return pseudonym->n;
}

struct slice pseudonym_with(const struct pseudonym *pseudonym, size_t number,
	struct arena *arena, struct slice kind, struct slice value)
{
	const struct key *key = &pseudonym->keys[number];
	unsigned char digest[SHA256_DIGEST_LENGTH];
	size_t id_len = strlen(key->id);
	char *token = arena_alloc(arena, kind.len + id_len + 2 + LETTERS), *to = token;

	if (token == NULL)
		return SLICE_NONE;
	hmac(key, kind, value, digest);
	memcpy(to, kind.ptr, kind.len);
	to += kind.len;
	*to++ = '_';
	memcpy(to, key->id, id_len);
	to += id_len;
	*to++ = '_';
	for (size_t i = 0; i < LETTERS; i++)
		*to++ = (char)('a' + (digest[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15));
	return slice_of(token, (size_t)(to - token));
}

struct slice pseudonym_of(const struct pseudonym *pseudonym, struct arena *arena,
	struct slice kind, struct slice value)
{
	return pseudonym_with(pseudonym, 0, arena, kind, value);
}
