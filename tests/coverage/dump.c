/*
 * Linked into the tests of `make coverage` with --wrap=_exit: each case and each scenario runs in
 * a process of its own that ends by _exit(), which by itself would throw the counts away.
 */
void __gcov_dump(void);
void __real__exit(int status) __attribute__((noreturn));
void __wrap__exit(int status) __attribute__((noreturn));

void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}
