#include <openssl/evp.h>

#include "collector/national/message.h"
#include "collector/national/types/types.h"

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
