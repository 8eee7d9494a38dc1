#include "common/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/check.h"

START_TEST(states_reach_the_manager)
{
	char dir[] = "/tmp/soc-test-notify-XXXXXX";
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char got[256] = "";

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", dir);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);

	notify_ready("listening");
	ck_assert_int_gt(recv(fd, got, sizeof(got) - 1, 0), 0);
	ck_assert_str_eq(got, "READY=1\nSTATUS=listening");
	unlink(address.sun_path);
	notify_watchdog(); /* nobody listens: no harm */
	close(fd);
	rmdir(dir);
}
END_TEST

START_TEST(the_watchdog_is_asked_for_by_the_environment)
{
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
	ck_assert_uint_eq(notify_watchdog_interval_ms(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	ck_assert_uint_eq(notify_watchdog_interval_ms(), 15000);
	setenv("WATCHDOG_PID", "1", 1);
	ck_assert_uint_eq(notify_watchdog_interval_ms(), 0);
}
END_TEST

TEST_MAIN("notify", states_reach_the_manager, the_watchdog_is_asked_for_by_the_environment)
