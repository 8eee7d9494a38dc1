/*
 * corpus_lines - writes lines of the corpus as a log file has them
 *
 *	corpus_lines 150|350|failed|noise COUNT >FILE
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "tests/bench/corpus.h"

int main(int argc, char **argv)
{
	struct strbuf line = STRBUF_INIT(CORPUS_LINE_MAX);
	int64_t now_ns = clock_wall_ns();
	enum corpus corpus;
	uint64_t count;

	if (argc != 3 || !corpus_named(argv[1], &corpus) ||
		!slice_to_u64(slice_str(argv[2]), UINT32_MAX, &count)) {
		fprintf(stderr, "usage: corpus_lines 150|350|failed|noise COUNT\n");
		return 1;
	}
	for (uint64_t i = 0; i < count; i++) {
		corpus_line(&line, corpus, i % CORPUS_LINES, now_ns);
		printf("%.*s\n", SLICE_FMT(strbuf_slice(&line)));
	}
	strbuf_done(&line);
	return fflush(stdout) == 0 ? 0 : 1;
}
