#include <openssl/evp.h>

#include "collector/national/message.h"
#include "collector/national/types/types.h"
#include "common/counter.h"
#include "common/log.h"

static struct counter failures = COUNTER(
	"national.failures", "times a national message could not be built and was put off");

const struct message_type *const message_types[] = {
	&message_avreport,
	&message_statistics,
	NULL,
};

const struct message_type *message_type_by_name(struct slice name)
{
	for (size_t i = 0; message_types[i] != NULL; i++) {
		if (slice_eq(name, slice_str(message_types[i]->name)))
			return message_types[i];
	}
	return NULL;
}

/* ---- publishing ------------------------------------------------------------- */

static bool put_off(const struct message_context *context, struct outbox *outbox,
	const struct message_item *item, const struct err *why, struct err *err)
{
	counter_add(&failures, 1);
	log_error("national.failed", "type=%s item=%s reason=%s, it is tried again later",
		item->type, item->name[0] != '\0' ? item->name : "all",
		LOG_TEXT(slice_str(why->text)));
	return outbox_hold(outbox, slice_str(item->type), slice_str(item->name),
		context->now_ns, why, err);
}

bool message_item_publish(const struct message_context *context, struct outbox *outbox,
	const struct message_item *item, bool (*build)(void *user, struct err *err), void *user,
	struct err *err)
{
	struct err why = {0};
	bool built;

	if (!outbox_try(outbox, build, user, &built, &why, err))
		return false;
	return built ? outbox_release(outbox, slice_str(item->type), slice_str(item->name), err)
		     : put_off(context, outbox, item, &why, err);
}

struct publishing {
	const struct message_type *type;
	const struct message_context *context;
	struct statistics *statistics;
	struct outbox *outbox;
};

static bool publish_type(void *user, struct err *err)
{
	const struct publishing *publishing = user;

	return publishing->type->publish(
		publishing->context, publishing->statistics, publishing->outbox, err);
}

static bool publish_unless_held(struct publishing *publishing, struct err *err)
{
	const struct message_item item = {.type = publishing->type->name, .name = ""};
	bool held;

	if (!outbox_is_held(publishing->outbox, slice_str(item.type), slice_str(item.name),
		    publishing->context->now_ns, &held, err))
		return false;
	return held || message_item_publish(publishing->context, publishing->outbox, &item,
			       publish_type, publishing, err);
}

bool messages_publish(const struct message_context *context, struct statistics *statistics,
	struct outbox *outbox, struct err *err)
{
	for (size_t i = 0; message_types[i] != NULL; i++) {
		struct publishing publishing = {message_types[i], context, statistics, outbox};

		if (message_types[i]->publish != NULL && !publish_unless_held(&publishing, err))
			return false;
	}
	return true;
}

/* ---- ids -------------------------------------------------------------------- */

const char *message_uuid(struct slice key, uint64_t revision, char out[MESSAGE_UUID_MAX])
{
	unsigned char digest[32];
	char text[24];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int len = snprintf(text, sizeof(text), "/%llu", (unsigned long long)revision);

	EVP_DigestInit_ex(context, EVP_sha256(), NULL);
	EVP_DigestUpdate(context, key.ptr, key.len);
	EVP_DigestUpdate(context, text, (size_t)len);
	EVP_DigestFinal_ex(context, digest, NULL);
	EVP_MD_CTX_free(context);
	digest[6] = (unsigned char)((digest[6] & 0x0f) | 0x80); /* version 8 */
	digest[8] = (unsigned char)((digest[8] & 0x3f) | 0x80); /* variant */
	snprintf(out, MESSAGE_UUID_MAX,
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		digest[0], digest[1], digest[2], digest[3], digest[4], digest[5], digest[6],
		digest[7], digest[8], digest[9], digest[10], digest[11], digest[12], digest[13],
		digest[14], digest[15]);
	return out;
}
