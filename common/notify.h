/*
 * notify - telling the service manager how we are (sd_notify protocol)
 *
 * Datagrams to the socket named by NOTIFY_SOCKET; without one, nothing
 * happens. Own lines instead of libsystemd: the agent must run where there is
 * none. Any thread.
 */
#ifndef COMMON_NOTIFY_H
#define COMMON_NOTIFY_H

#include <stdint.h>

void notify_ready(const char *status);    /* READY=1; also after a reload */
void notify_reloading(void);              /* RELOADING=1 with the monotonic time */
void notify_stopping(const char *status); /* STOPPING=1 */
void notify_status(const char *status);   /* STATUS= one line for people */
void notify_watchdog(void);               /* WATCHDOG=1 */

/* Milliseconds between notify_watchdog() calls (half of WATCHDOG_USEC), 0 = not wanted. */
uint64_t notify_watchdog_interval_ms(void);

#endif
