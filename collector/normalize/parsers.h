/* parsers - every parser there is, for parsers.c */
#ifndef COLLECTOR_NORMALIZE_PARSERS_H
#define COLLECTOR_NORMALIZE_PARSERS_H

#include "collector/normalize/parser.h"

extern const struct parser parser_rfc5424;
extern const struct parser parser_rfc3164;
extern const struct parser parser_sshd;

#endif
