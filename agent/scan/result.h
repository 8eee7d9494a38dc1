/*
 * result - what a worker found in one file, on its way out of the sandbox
 *
 * The worker has read hostile bytes: what it says is read with limits and
 * never believed further than "these rules matched". Slices of a read result point
 * into the message.
 */
#ifndef AGENT_SCAN_RESULT_H
#define AGENT_SCAN_RESULT_H

#include "common/strbuf.h"
#include "common/varint.h"

enum {
	HIT_TAGS_MAX = 32,
	HIT_METAS_MAX = 64,
	HIT_STRINGS_MAX = 16,
	HIT_NAME_MAX = 128,    /* bytes of a rule, name space, tag, meta or string name */
	HIT_TEXT_MAX = 1024,   /* bytes of a meta text */
	RESULT_HITS_MAX = 512, /* rules reported of one file; more are counted */
	RESULT_WORDS_MAX = 256,
	SHA256_SIZE = 32,
};

enum result_outcome {
	RESULT_SCANNED,
	RESULT_TIMEOUT,
	RESULT_CHANGED,    /* it shrank under the scan */
	RESULT_UNREADABLE, /* errno in words */
	RESULT_FAILED,     /* libyara gave an error, see words */
	RESULT_OUTCOMES,
};

enum meta_kind { META_TEXT, META_INTEGER, META_FLAG, META_KINDS };

struct hit_meta {
	struct slice name;
	enum meta_kind kind;
	struct slice text;
	int64_t integer; /* also the flag */
};

struct hit_string {
	struct slice name; /* "$a" */
	uint64_t offset, length;
};

enum hit_cut { HIT_CUT_TAGS = 1, HIT_CUT_META = 2, HIT_CUT_STRINGS = 4 };

struct hit {
	struct slice rule, ruleset;
	unsigned cut; /* enum hit_cut: these had more */
	unsigned n_tags, n_metas, n_strings;
	struct slice tags[HIT_TAGS_MAX];
	struct hit_meta metas[HIT_METAS_MAX];
	struct hit_string strings[HIT_STRINGS_MAX];
};

struct result {
	uint64_t ticket; /* of the MESSAGE_FILE it answers */
	enum result_outcome outcome;
	uint64_t bytes;         /* looked at */
	uint64_t worker_cpu_us; /* of the worker since its start */
	bool partial;           /* a string matched too often: some match may be missing */
	bool hashed;
	unsigned char sha256[SHA256_SIZE];
	struct slice words;  /* what went wrong */
	uint64_t n_hits;     /* that follow */
	uint64_t n_unlisted; /* hits that do not */
};

/* Bytes of the encoded hits stand behind the head. */
void result_put(struct strbuf *body, const struct result *result, struct slice hits);
void hit_put(struct strbuf *hits, const struct hit *hit);

/* False: no result that a worker of ours would send. Leaves the reader at the first hit. */
MUST_USE bool result_read(struct varint_reader *reader, struct result *result);
MUST_USE bool hit_read(struct varint_reader *reader, struct hit *hit);

#endif
