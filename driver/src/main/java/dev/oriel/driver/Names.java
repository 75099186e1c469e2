package dev.oriel.driver;

import dev.oriel.linux.Errno;

/**
 * Checks names and paths before a request is taken for them: what does not fit into a request, or would be taken for
 * two names, is refused with the errno that Linux has for it.
 */
final class Names {
    /**
     * Most bytes of a name that a FUSE client sends (Linux, FUSE_NAME_MAX); file systems have limits of their own,
     * mostly 255.
     */
    private static final int NAME_MAX = 1024;

    /** Most bytes of a symbolic link's target: PATH_MAX without the NUL. */
    private static final int TARGET_MAX = 4095;

    /** Most bytes of an extended attribute's name (Linux, limits.h). */
    private static final int XATTR_NAME_MAX = 255;

    private Names() {}

    /**
     * A name in a directory.
     *
     * @throws FuseException ENAMETOOLONG; EINVAL if it is empty or contains NUL or "/"
     */
    static byte[] name(byte[] name) throws FuseException {
        if (name.length > NAME_MAX) {
            throw new FuseException("send a name of " + name.length + " bytes", Errno.ENAMETOOLONG);
        }
        if (name.length == 0 || contains(name, '/') || contains(name, 0)) {
            throw new FuseException("send a name that is empty or contains NUL or /", Errno.EINVAL);
        }
        return name;
    }

    /**
     * The target of a symbolic link.
     *
     * @throws FuseException ENAMETOOLONG; ENOENT if it is empty, EINVAL if it contains NUL
     */
    static byte[] target(byte[] target) throws FuseException {
        if (target.length > TARGET_MAX) {
            throw new FuseException(
                    "make a symbolic link to a path of " + target.length + " bytes", Errno.ENAMETOOLONG);
        }
        if (target.length == 0) {
            throw new FuseException("make a symbolic link to nothing", Errno.ENOENT);
        }
        if (contains(target, 0)) {
            throw new FuseException("make a symbolic link to a path that contains NUL", Errno.EINVAL);
        }
        return target;
    }

    /**
     * The name of an extended attribute.
     *
     * @throws FuseException ERANGE if it is empty or too long, EINVAL if it contains NUL
     */
    static byte[] attribute(byte[] name) throws FuseException {
        if (name.length == 0 || name.length > XATTR_NAME_MAX) {
            throw new FuseException("name an extended attribute with " + name.length + " bytes", Errno.ERANGE);
        }
        if (contains(name, 0)) {
            throw new FuseException("name an extended attribute with a NUL", Errno.EINVAL);
        }
        return name;
    }

    private static boolean contains(byte[] bytes, int value) {
        for (byte b : bytes) {
            if (b == value) {
                return true;
            }
        }
        return false;
    }
}
