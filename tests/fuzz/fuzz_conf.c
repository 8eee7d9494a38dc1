/* Settings files: any bytes give settings or mistakes, never both, never neither. */
#include <stdlib.h>

#include "common/conf.h"
#include "tests/common/conf/sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 20);
	struct sample sample = {0};
	struct conf *conf =
		conf_parse("a/b.yaml", slice_of(bytes, len), sample_table, &sample, &mistakes);

	if ((conf != NULL) != (mistakes.len == 0))
		abort();
	if (conf != NULL && (sample.name == NULL || sample.folders.items == NULL))
		abort();
	conf_free(conf);
	strbuf_done(&mistakes);
	return 0;
}
