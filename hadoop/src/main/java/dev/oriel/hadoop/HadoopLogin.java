package dev.oriel.hadoop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.security.UserGroupInformation;
import org.jspecify.annotations.Nullable;

/** Whom a cluster sees: this user, or a principal of Kerberos by its key or by a ticket. */
final class HadoopLogin {
    private static final String PRINCIPAL = "kerberos-principal";
    private static final String KEYTAB = "kerberos-keytab";
    private static final String AUTHENTICATION = "hadoop.security.authentication";

    /** What may be said of it beside Hadoop's configuration. */
    static final Set<String> OPTIONS = Set.of(PRINCIPAL, KEYTAB);

    /** What name nodes say to who does not offer a ticket. */
    private static final String REFUSAL = "SIMPLE authentication is not enabled";

    private HadoopLogin() {}

    /**
     * Logs in as the configuration says; with a key at once, with a ticket when somebody asks.
     *
     * @throws IllegalArgumentException saying which option is missing
     */
    static void begin(Map<String, String> options, Configuration configuration) throws IOException {
        String principal = options.get(PRINCIPAL);
        String keytab = options.get(KEYTAB);
        if ((principal == null) != (keytab == null)) {
            throw new IllegalArgumentException("say both " + PRINCIPAL + " and " + KEYTAB);
        }
        if (keytab != null) {
            if (!Files.isReadable(Path.of(keytab))) {
                throw new IOException(KEYTAB + ": " + keytab
                        + " cannot be read; say its absolute path, by which it is laid into the sandbox");
            }
            configuration.set(AUTHENTICATION, "kerberos");
        }
        try {
            UserGroupInformation.setConfiguration(configuration);
        } catch (IllegalArgumentException wrong) {
            if (!"kerberos".equals(configuration.get(AUTHENTICATION))) {
                throw wrong;
            }
            throw new IOException(
                    "Kerberos: " + reason(wrong) + "; /etc/krb5.conf, or the file that KRB5_CONFIG names, has to say"
                            + " default_realm, and where its KDC is",
                    wrong);
        }
        if (principal != null && keytab != null) {
            try {
                UserGroupInformation.loginUserFromKeytab(principal, keytab);
            } catch (IOException refused) {
                throw new IOException(
                        "Kerberos gives no ticket to " + principal + " with " + keytab + ": " + reason(refused),
                        refused);
            }
        }
    }

    /** Why the cluster was not reached, if it is that it knows nobody without a ticket. */
    static IOException explained(IOException refused) throws IOException {
        if (UserGroupInformation.isSecurityEnabled()) {
            UserGroupInformation user = UserGroupInformation.getLoginUser();
            if (!user.hasKerberosCredentials() && user.getTokens().isEmpty()) {
                return new IOException(
                        "the cluster wants Kerberos, and there is no ticket that is good: run kinit before (its cache"
                                + " is where KRB5CCNAME says), or say --share-option " + PRINCIPAL
                                + "=NAME --share-option " + KEYTAB + "=FILE",
                        refused);
            }
        } else if (String.valueOf(refused.getMessage()).contains(REFUSAL)) {
            return new IOException(
                    "the cluster wants Kerberos: let HADOOP_CONF_DIR name the folder with its configuration, or say"
                            + " --share-option " + AUTHENTICATION + "=kerberos, and dfs.namenode.kerberos.principal",
                    refused);
        }
        return refused;
    }

    /** What was wrong first. */
    private static String reason(Throwable thrown) {
        Throwable first = thrown;
        for (@Nullable Throwable cause = thrown.getCause(); cause != null; cause = cause.getCause()) {
            first = cause.getMessage() == null ? first : cause;
        }
        return String.valueOf(first.getMessage());
    }
}
