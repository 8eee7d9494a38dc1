/*
 * secrets_private - what the files of secrets share; private to them
 *
 *	secrets.c           the settings, tokens, a text from its start to its end
 *	secrets_forms.c     how secrets are written: headers, options, SQL, keys, URLs
 *	secrets_escapes.c   the same in text with its escapes undone
 *	secrets_values.c    values that are known, however they are written
 *	secrets_hiding.c    bytes become stars or tokens
 */
#ifndef COLLECTOR_NORMALIZE_MASKING_SECRETS_PRIVATE_H
#define COLLECTOR_NORMALIZE_MASKING_SECRETS_PRIVATE_H

#include "collector/normalize/masking/personal.h"
#include "collector/normalize/masking/secrets.h"

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

struct needles;
struct pseudonym;

struct secrets {
	struct needles *needles;
	struct marker *markers; /* by number of the needle; texts are borrowed, or spelt */
	struct arena spelt;
	enum mask_action actions[MASK_RULES];
	const struct pseudonym *pseudonym;
	struct personal wanted, any; /* by the policy; all of them, for values that are one */
	bool numbers;
};

/* One text under work. */
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

static inline bool is_letter(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static inline bool is_base64url(char byte)
{
	return is_letter(byte) || (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
}

/* secrets.c; false here and below: no room, the text cannot be kept */
struct slice masking_token(const struct secrets *secrets, struct arena *arena,
	enum mask_rule rule, struct slice value);
bool masking_scan(struct masking *masking);

/* secrets_hiding.c: from..to becomes stars or a token, by the rule under way; or `with`. */
bool masking_hide(struct masking *masking, size_t from, size_t to);
bool masking_hide_as(struct masking *masking, size_t from, size_t to, struct slice with);
bool masking_is_hidden(const struct masking *masking, size_t at);
bool masking_is_all_hidden(const struct masking *masking, size_t from, size_t to);

/* secrets_forms.c */
bool masking_on_marker(void *user, unsigned number, size_t at);
bool masking_hide_userinfo(struct masking *masking);
size_t masking_word_end(const struct masking *masking, size_t at);
size_t masking_behind_separator(const struct masking *masking, size_t at);
bool masking_stands_alone(const struct masking *masking, size_t at, size_t len);

/* secrets_escapes.c */
bool masking_scan_escaped(struct masking *whole);
size_t masking_escape_at(struct slice text, size_t at, char *byte);
int masking_hex_digit(char byte);

/* secrets_values.c */
bool masking_scan_hidden(struct masking *masking, struct hidden_values *hidden);

#endif
