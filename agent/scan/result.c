#include "agent/scan/result.h"

#include "agent/scan/channel.h"

enum { RESULT_PARTIAL = 1, RESULT_HASHED = 2, RESULT_FLAGS = 3 };

void result_put(struct strbuf *body, const struct result *result, struct slice hits)
{
	body_put_number(body, result->ticket);
	body_put_number(body, result->outcome);
	body_put_number(body, result->bytes);
	body_put_number(body, result->worker_cpu_us);
	body_put_number(body, (result->partial ? RESULT_PARTIAL : 0U) |
				      (result->hashed ? RESULT_HASHED : 0U));
	strbuf_add(body, slice_of(result->sha256, SHA256_SIZE));
	body_put_text(body, result->words);
	body_put_number(body, result->n_hits);
	body_put_number(body, result->n_unlisted);
	strbuf_add(body, hits);
}

bool result_read(struct varint_reader *reader, struct result *result)
{
	*result = (struct result){0};
	result->ticket = varint_read(reader);
	result->outcome = (enum result_outcome)varint_read_max(reader, RESULT_OUTCOMES - 1);
	result->bytes = varint_read(reader);
	result->worker_cpu_us = varint_read(reader);
	uint64_t flags = varint_read_max(reader, RESULT_FLAGS);
	result->partial = flags & RESULT_PARTIAL;
	result->hashed = flags & RESULT_HASHED;
	struct slice sum = varint_read_bytes(reader, SHA256_SIZE);
	if (sum.len == SHA256_SIZE)
		memcpy(result->sha256, sum.ptr, SHA256_SIZE);
	result->words = body_read_text(reader, RESULT_WORDS_MAX);
	result->n_hits = varint_read_max(reader, RESULT_HITS_MAX);
	result->n_unlisted = varint_read(reader);
	return !reader->bad;
}

static void meta_put(struct strbuf *hits, const struct hit_meta *meta)
{
	body_put_text(hits, meta->name);
	body_put_number(hits, meta->kind);
	if (meta->kind == META_TEXT)
		body_put_text(hits, meta->text);
	else
		body_put_number(hits, varint_fold(meta->integer));
}

void hit_put(struct strbuf *hits, const struct hit *hit)
{
	body_put_text(hits, hit->rule);
	body_put_text(hits, hit->ruleset);
	body_put_number(hits, hit->cut);
	body_put_number(hits, hit->n_tags);
	for (unsigned i = 0; i < hit->n_tags; i++)
		body_put_text(hits, hit->tags[i]);
	body_put_number(hits, hit->n_metas);
	for (unsigned i = 0; i < hit->n_metas; i++)
		meta_put(hits, &hit->metas[i]);
	body_put_number(hits, hit->n_strings);
	for (unsigned i = 0; i < hit->n_strings; i++) {
		body_put_text(hits, hit->strings[i].name);
		body_put_number(hits, hit->strings[i].offset);
		body_put_number(hits, hit->strings[i].length);
	}
}

static void meta_read(struct varint_reader *reader, struct hit_meta *meta)
{
	*meta = (struct hit_meta){0};
	meta->name = body_read_text(reader, HIT_NAME_MAX);
	meta->kind = (enum meta_kind)varint_read_max(reader, META_KINDS - 1);
	if (meta->kind == META_TEXT)
		meta->text = body_read_text(reader, HIT_TEXT_MAX);
	else
		meta->integer = varint_unfold(varint_read(reader));
}

bool hit_read(struct varint_reader *reader, struct hit *hit)
{
	hit->rule = body_read_text(reader, HIT_NAME_MAX);
	hit->ruleset = body_read_text(reader, HIT_NAME_MAX);
	hit->cut = (unsigned)varint_read_max(
		reader, HIT_CUT_TAGS | HIT_CUT_META | HIT_CUT_STRINGS);
	hit->n_tags = (unsigned)varint_read_max(reader, HIT_TAGS_MAX);
	for (unsigned i = 0; i < hit->n_tags; i++)
		hit->tags[i] = body_read_text(reader, HIT_NAME_MAX);
	hit->n_metas = (unsigned)varint_read_max(reader, HIT_METAS_MAX);
	for (unsigned i = 0; i < hit->n_metas; i++)
		meta_read(reader, &hit->metas[i]);
	hit->n_strings = (unsigned)varint_read_max(reader, HIT_STRINGS_MAX);
	for (unsigned i = 0; i < hit->n_strings; i++) {
		hit->strings[i].name = body_read_text(reader, HIT_NAME_MAX);
		hit->strings[i].offset = varint_read(reader);
		hit->strings[i].length = varint_read(reader);
	}
	return !reader->bad && hit->rule.len > 0;
}
