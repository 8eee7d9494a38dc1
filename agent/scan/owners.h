/* owners - names of users and groups, asked once each */
#ifndef AGENT_SCAN_OWNERS_H
#define AGENT_SCAN_OWNERS_H

#include <sys/types.h>

struct owners;

struct owners *owners_new(void);
void owners_free(struct owners *owners);

/* Live as long as `owners`; "" when the host has no name for it. */
const char *owners_user(struct owners *owners, uid_t uid);
const char *owners_group(struct owners *owners, gid_t gid);

#endif
