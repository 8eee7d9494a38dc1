/*
 * asking - one question to the running collector
 *
 * The collector answers one line of JSON on its local socket
 * (collector/control.h); what it could not do is a member "error".
 */
#ifndef COLLECTOR_CTL_ASKING_H
#define COLLECTOR_CTL_ASKING_H

#include "common/cli/command.h"
#include "common/err.h"
#include "common/strbuf.h"

enum { ANSWER_MAX = 256 << 20 };

/* `request` without a line end; the whole answer is appended. */
MUST_USE bool ask_collector(
	const char *path, const char *request, struct strbuf *answer, struct err *err);

#define OPTION_SOCKET                                                                          \
	{                                                                                      \
		.name = "socket", .value = "PATH", .help = "the collector's control socket",   \
		.standard = "/run/soc-collector/control.sock"                                  \
	}

#endif
