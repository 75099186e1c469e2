package dev.oriel.filesystem.local;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.oriel.filesystem.Request;
import dev.oriel.linux.Errno;
import dev.oriel.linux.credential.ThreadCredentials;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The ids under which a thread makes files: the caller's, for as long as one system call takes, then root's again.
 *
 * <p>The real and saved ids stay root's, which is the way back; the kernel clears the effective capabilities on the way
 * there and restores them on the way back (capabilities(7)). The thread's umask is its own and 0 in between: the client
 * has applied the caller's umask already, or sends it along ({@code FUSE_DONT_MASK}).
 *
 * <p><b>As whom the host's kernel checks.</b> The client's kernel has checked every operation by owner, mode and ACL
 * before it asks ({@code default_permissions}), but for what it passes on unseen. So:
 * <ul>
 *   <li>what makes a file is done as the caller: the new file is the caller's, and the host checks once more. It knows
 *       one group beside the caller's own, and only if the client sends it ({@code CREATE_SUPP_GROUP}); where it does
 *       not, {@link #override} leaves the check of the directory to the client;
 *   <li>ACCESS, and changes of an inode's flags, are done as the caller, as far as the client tells who that is;
 *   <li>all else is done as the server: names, content, modes, owners, times, locks, extended attributes. The server
 *       has no more privileges than these need, so quotas hold, and flags and attributes that are root's alone on the
 *       host are not the client's.
 * </ul>
 *
 * <p>A thread that cannot get back is of no use any more: each further request that it takes is answered EIO.
 */
final class CallerIdentity {
    private static final Logger LOG = System.getLogger("dev.oriel.filesystem.local");
    private static final int ROOT = 0;

    private final MemorySegment groups = Arena.ofAuto().allocate(JAVA_INT);
    private boolean prepared;
    private boolean broken;

    /** What differs from root now. */
    private boolean uidChanged;

    private boolean gidChanged;
    private boolean groupsChanged;
    private boolean umaskChanged;
    private boolean fsetidDropped;

    /** Whether this process may act with any ids. */
    static boolean canChange() {
        return ThreadCredentials.geteuid() == ROOT
                && ThreadCredentials.hasCapability(ThreadCredentials.CAP_SETUID)
                && ThreadCredentials.hasCapability(ThreadCredentials.CAP_SETGID);
    }

    /** Whether this thread is lost. */
    boolean isBroken() {
        return broken;
    }

    /**
     * Takes the caller's ids and umask.
     *
     * @param change whether ids can be changed at all: if not, only the umask is taken
     * @param umask the mask for what is made next, 0 if the client has applied it
     * @return 0, or an errno: the thread is itself then. To be followed by {@link #resume} whatever the call in between
     *     answers
     */
    int assume(Request request, boolean change, int umask) {
        int uid = request.uid();
        int gid = request.gid();
        if (uid == -1 || gid == -1) {
            return -Errno
                    .EOVERFLOW; // as Linux answers for an id that the mapping of the mount lacks (fsuidgid_has_mapping)
        }
        prepare(change);
        if (umask != 0) {
            ThreadCredentials.umask(umask & 0777);
            umaskChanged = true;
        }
        if (!change) {
            return 0;
        }
        int result = 0;
        int supplementary = request.supplementaryGid();
        if (uid != ROOT && supplementary != -1 && supplementary != gid) {
            groups.set(JAVA_INT, 0, supplementary);
            result = ThreadCredentials.setgroups(groups, 1);
            groupsChanged = result == 0;
            if (result == -Errno.EPERM) {
                result = 0; // a user namespace may forbid it (user_namespaces(7)): the group is then not the caller's
                // here
            }
        }
        if (result == 0 && gid != ROOT) {
            result = ThreadCredentials.setresgid(ThreadCredentials.KEEP, gid, ThreadCredentials.KEEP);
            gidChanged = result == 0;
        }
        if (result == 0 && uid != ROOT) {
            result = ThreadCredentials.setresuid(ThreadCredentials.KEEP, uid, ThreadCredentials.KEEP);
            uidChanged = result == 0;
        }
        if (result < 0) {
            int restored = resume();
            return restored < 0 ? restored : result;
        }
        return 0;
    }

    /**
     * After {@link #assume}: keeps what passes over the mode of a directory, until {@link #resume}. For a caller whose
     * groups are not known, because the client's kernel has checked them all.
     *
     * @param capabilities one bit each
     */
    void override(long capabilities) {
        if (uidChanged) {
            // a capability that this process does not have is not needed here: the check is made with the caller's ids
            // then
            ThreadCredentials.setEffectiveCapabilities(capabilities & ThreadCredentials.permittedCapabilities());
        }
    }

    /** Gives up CAP_FSETID, so that the kernel clears set-user-id and set-group-id bits as for any user. */
    void dropFsetid() {
        if (ThreadCredentials.hasCapability(ThreadCredentials.CAP_FSETID)) {
            fsetidDropped = ThreadCredentials.setCapability(ThreadCredentials.CAP_FSETID, false) == 0;
        }
    }

    /**
     * Is itself again.
     *
     * @return 0; -EIO if that fails, and from then on always
     */
    int resume() {
        int failure = 0;
        if (uidChanged) {
            failure = ThreadCredentials.setresuid(ThreadCredentials.KEEP, ROOT, ThreadCredentials.KEEP);
            uidChanged = false;
        }
        if (gidChanged && failure == 0) {
            failure = ThreadCredentials.setresgid(ThreadCredentials.KEEP, ROOT, ThreadCredentials.KEEP);
            gidChanged = false;
        }
        if (groupsChanged && failure == 0) {
            failure = ThreadCredentials.setgroups(groups, 0);
            groupsChanged = false;
        }
        if (fsetidDropped && failure == 0) {
            failure = ThreadCredentials.setCapability(ThreadCredentials.CAP_FSETID, true);
            fsetidDropped = false;
        }
        if (umaskChanged) {
            ThreadCredentials.umask(0);
            umaskChanged = false;
        }
        if (failure < 0) {
            broken = true;
            LOG.log(
                    Level.ERROR,
                    "thread {0} cannot get root''s ids back ({1}): every request it takes from now on is answered EIO."
                            + " Restart the server.",
                    Thread.currentThread().getName(),
                    Errno.name(-failure));
            return -Errno.EIO;
        }
        return broken ? -Errno.EIO : 0;
    }

    /** Once for each thread: an umask of its own, and none of the groups that the server was started with. */
    private void prepare(boolean change) {
        if (prepared) {
            return;
        }
        prepared = true;
        int unshared = ThreadCredentials.unshareFileSystemAttributes();
        if (unshared < 0) {
            LOG.log(
                    Level.WARNING,
                    "unshare(CLONE_FS) is not allowed ({0}): the umask of the whole process becomes 0",
                    Errno.name(-unshared));
        }
        ThreadCredentials.umask(0);
        if (change) {
            ThreadCredentials.setgroups(groups, 0);
        }
    }
}
