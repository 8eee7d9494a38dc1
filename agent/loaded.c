#include "agent/loaded.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "common/bytes.h"
#include "common/file.h"

enum { SETTINGS_MAX = 16 << 20 };

static uint64_t version_of(const char *path)
{
	struct strbuf text = STRBUF_INIT(SETTINGS_MAX);
	unsigned char sum[EVP_MAX_MD_SIZE] = {0};

	if (!file_read(path, &text, NULL) || EVP_Digest(strbuf_slice(&text).ptr, text.len, sum,
						     NULL, EVP_sha256(), NULL) != 1)
		memset(sum, 0, sizeof(sum));
	strbuf_done(&text);
	return bytes_get_u64(sum);
}

struct loaded *loaded_read(const char *path, struct strbuf *mistakes)
{
	struct loaded *loaded = calloc(1, sizeof(*loaded));

	if (loaded == NULL)
		abort();
	loaded->refs = 1;
	loaded->conf = agent_settings_load(path, &loaded->settings, mistakes);
	if (loaded->conf == NULL) {
		loaded_unref(loaded);
		return NULL;
	}
	loaded->version = version_of(path);
	return loaded;
}

struct loaded *loaded_ref(struct loaded *loaded)
{
	loaded->refs++;
	return loaded;
}

void loaded_unref(struct loaded *loaded)
{
	if (loaded == NULL || --loaded->refs > 0)
		return;
	conf_free(loaded->conf);
	free(loaded);
}
