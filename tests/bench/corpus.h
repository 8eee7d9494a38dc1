/*
 * corpus - the lines every loader sends, so that all are measured on the same ones
 *
 * RFC 5424 messages without framing, made from their number alone and stamped
 * within the ten minutes that ended ten minutes ago, so that the windows they
 * are counted in are complete.
 *
 *	150     sshd: half failed log-ins, the rest as sshd talks; 150 bytes in the mean
 *	350     web requests, JSON of applications, firewall, sudo, sshd, systemd,
 *	        every second with structured data; 350 bytes in the mean
 *	failed  sshd, every line a failed log-in, from a million addresses
 *	noise   350 bytes that no parser knows and nothing compresses
 */
#ifndef TESTS_BENCH_CORPUS_H
#define TESTS_BENCH_CORPUS_H

#include "common/strbuf.h"

enum corpus {
	CORPUS_150,
	CORPUS_350,
	CORPUS_FAILED,
	CORPUS_NOISE,
	CORPUS_KINDS,
};

enum { CORPUS_LINE_MAX = 1024, CORPUS_LINES = 65536 /* different ones; then again */ };

MUST_USE bool corpus_named(const char *name, enum corpus *corpus);

/* Replaces `line` by line `number`, stamped as of `now_ns`. `line` has CORPUS_LINE_MAX. */
void corpus_line(struct strbuf *line, enum corpus corpus, uint64_t number, int64_t now_ns);

#endif
