/* xattr.h - extended attributes (xattr(7)). */
#ifndef UAPI_XATTR_H
#define UAPI_XATTR_H

#define XATTR_CREATE		1	/* not if it is there */
#define XATTR_REPLACE		2	/* only if it is there */

#define XATTR_NAME_MAX		255
#define XATTR_SIZE_MAX		65536
#define XATTR_LIST_MAX		65536

#endif
