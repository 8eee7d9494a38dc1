/* pki - the certificate authority in a folder (common/ca.h), by hand */
#ifndef COLLECTOR_CTL_COMMANDS_PKI_H
#define COLLECTOR_CTL_COMMANDS_PKI_H

#include "common/cli/command.h"

extern const struct command pki_commands[];

#endif
