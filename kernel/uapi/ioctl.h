/* How Linux makes ioctl numbers: direction, size of what arg points to, a letter, a number. */
#pragma once

#define _IOC(dir, type, nr, size) \
	(((unsigned int)(dir) << 30) | ((unsigned int)(size) << 16) | ((type) << 8) | (nr))
#define _IO(type, nr)		_IOC(0, type, nr, 0)
#define _IOW(type, nr, what)	_IOC(1, type, nr, sizeof(what))
#define _IOR(type, nr, what)	_IOC(2, type, nr, sizeof(what))
#define _IOWR(type, nr, what)	_IOC(3, type, nr, sizeof(what))
