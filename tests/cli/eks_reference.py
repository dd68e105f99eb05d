"""Ensemble Kalman smoothing written down a second time, in plain numpy and with full covariances.

From the papers and the definitions in the headers of src/smoothing, sharing no code and no factorisation with them: the
truth for data sets without a golden table. Double precision; slow.
"""
import numpy as np


def read_members(paths, pandas):
    """[members, frames, keypoints, (x, y, likelihood)] and the keypoints' names."""
    tables = [pandas.read_csv(p, header=[0, 1, 2], index_col=0) for p in sorted(paths)]
    names = list(dict.fromkeys(tables[0].columns.get_level_values(1)))
    stacked = [np.stack([t.xs(n, axis=1, level=1).to_numpy()[:, :3] for n in names], 1) for t in tables]
    return np.array(stacked), names


def summarise(members, weighted):
    """Position and variance [frames, keypoints, xy]."""
    position = np.median(members[..., :2], axis=0)
    variance = members[..., :2].var(axis=0)
    return position, variance / members[..., 2].mean(axis=0)[..., None] if weighted else variance


def stack_views(positions, variances, quantile):
    """Per keypoint: position and variance [frames, 2 * cameras], kept frames; and how many kept frames make the axes."""
    stacked = []
    for k in range(positions[0].shape[1]):
        y = np.concatenate([p[:, k] for p in positions], 1)
        v = np.concatenate([p[:, k] for p in variances], 1)
        worst = v.max(axis=1)
        stacked.append((y, v, np.flatnonzero(worst <= np.percentile(worst, quantile))))
    return stacked, min(len(kept) for _, _, kept in stacked)


def factor_loadings(rows, num_factors):
    covariance = np.cov(rows.T, bias=True)
    psi, before = np.ones(len(covariance)), -np.inf
    for _ in range(1000):
        p = np.sqrt(psi) + 1e-12
        scaled = covariance / np.outer(p, p)
        e, u = np.linalg.eigh(scaled)
        e, u = e[::-1][:num_factors], u[:, ::-1][:, :num_factors]
        loadings = p[:, None] * u * np.sqrt(np.maximum(e - 1, 0))
        now = -len(rows) / 2 * (len(p) * np.log(2 * np.pi) + num_factors + np.log(e).sum() + np.trace(scaled) - e.sum()
                                + np.log(psi).sum())
        if now - before < 0.01:
            break
        before = now
        psi = np.maximum(np.diag(covariance) - (loadings ** 2).sum(1), 1e-12)
    return loadings


def inflate(y, v, num_factors):
    v = v.copy()
    for _ in range(50):
        worst = v.max(axis=1)
        rows = y[worst < np.percentile(worst, 50)]
        w, mu = factor_loadings(rows, num_factors), rows.mean(axis=0)
        changed = False
        for t in range(len(y)):
            floor = np.maximum(v[t], 1e-6)
            d = np.diag(1 / (floor + 1e-6))
            b = np.linalg.inv(w.T @ d @ w)
            r = y[t] - mu - w @ (b @ w.T @ d @ (y[t] - mu))
            far = []
            for i in range(0, len(r), 2):
                q = np.diag(floor[i:i + 2]) + w[i:i + 2] @ b @ w[i:i + 2].T
                far.append(r[i:i + 2] @ np.linalg.solve(q, r[i:i + 2]) > 5)
            if len(far) == 2 and any(far):
                far = [True, True]
            for i, is_far in enumerate(far):
                if is_far:
                    v[t, 2 * i:2 * i + 2] = np.maximum(v[t, 2 * i:2 * i + 2], 1e-6) * 10
                    changed = True
        if not changed:
            break
    return v


def smooth(y, r, observe, m, p, q):
    """Rauch-Tung-Striebel smoother with A = 1. `observe(m)` gives prediction and Jacobian."""
    means, covariances = [], []
    for t in range(len(y)):
        if t > 0:
            p = p + q
        predicted, h = observe(m)
        s = h @ p @ h.T + np.diag(np.maximum(r[t], 1e-12))
        gain = np.linalg.solve(s, h @ p).T
        m = m + gain @ (y[t] - predicted)
        p = p - gain @ s @ gain.T
        p = (p + p.T) / 2
        means.append(m)
        covariances.append(p)
    for t in range(len(y) - 2, -1, -1):
        ahead = covariances[t] + q
        j = np.linalg.solve(ahead, covariances[t]).T
        means[t] = means[t] + j @ (means[t + 1] - means[t])
        covariances[t] = covariances[t] + j @ (covariances[t + 1] - ahead) @ j.T
    return np.array(means), np.array(covariances)


def smooth_linear(positions, variances, s, quantile=95, num_latent=3):
    """Several cameras without a calibration. Position and posterior variance [keypoints, frames, 2 * cameras]."""
    stacked, n = stack_views(positions, variances, quantile)
    results = []
    for y, v, kept in stacked:
        mean = y[kept[:n]].mean(axis=0)
        y = y - mean
        v = inflate(y, v, num_latent)
        _, axes = np.linalg.eigh(np.cov(y[kept[:n]].T))
        h = axes[:, ::-1][:, :num_latent]
        z = (y[kept] - y[kept[:n]].mean(axis=0)) @ h
        shape = np.cov(np.diff(z, axis=0).T)
        shape /= np.abs(shape).max()
        m, p = smooth(y, v, lambda m: (h @ m, h), np.zeros(num_latent), np.diag(z.var(axis=0)), s * shape)
        results.append((m @ h.T + mean, np.einsum("ij,tjk,ik->ti", h, p, h) + v))
    return results


def project(camera, x):
    """Pixel of a point by OpenCV's rational model; complex numbers pass, for derivatives by the complex step."""
    rotation = np.array(camera["rotation"], float)
    angle = np.linalg.norm(rotation)
    k = rotation / angle
    cross = np.array([[0, -k[2], k[1]], [k[2], 0, -k[0]], [-k[1], k[0], 0]])
    matrix = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    seen = matrix @ x + np.array(camera["translation"], float)
    a, b = seen[0] / seen[2], seen[1] / seen[2]
    d = list(camera["distortions"]) + [0] * 12
    r2 = a * a + b * b
    g = (1 + d[0] * r2 + d[1] * r2 ** 2 + d[4] * r2 ** 3) / (1 + d[5] * r2 + d[6] * r2 ** 2 + d[7] * r2 ** 3)
    u = a * g + 2 * d[2] * a * b + d[3] * (r2 + 2 * a * a) + d[8] * r2 + d[9] * r2 ** 2
    v = b * g + d[2] * (r2 + 2 * b * b) + 2 * d[3] * a * b + d[10] * r2 + d[11] * r2 ** 2
    k = camera["matrix"]
    return np.array([k[0][0] * u + k[0][1] * v + k[0][2], k[1][1] * v + k[1][2]]), matrix


def triangulate(cameras, pixels):
    """Median over pairs of cameras of linear solutions. pixels [cameras, xy]"""
    rays = []
    for camera, (u, v) in zip(cameras, pixels):
        k, d = camera["matrix"], list(camera["distortions"]) + [0] * 12
        x0, y0 = (u - k[0][2]) / k[0][0], (v - k[1][2]) / k[1][1]
        x, y = x0, y0
        for _ in range(5):
            r2 = x * x + y * y
            inverse = (1 + d[5] * r2 + d[6] * r2 ** 2 + d[7] * r2 ** 3) / (1 + d[0] * r2 + d[1] * r2 ** 2 + d[4] * r2 ** 3)
            dx = 2 * d[2] * x * y + d[3] * (r2 + 2 * x * x) + d[8] * r2 + d[9] * r2 ** 2
            dy = d[2] * (r2 + 2 * y * y) + 2 * d[3] * x * y + d[10] * r2 + d[11] * r2 ** 2
            x, y = (x0 - dx) * inverse, (y0 - dy) * inverse
        p = np.c_[project(camera, np.zeros(3))[1], np.array(camera["translation"], float)]
        rays.append((x * p[2] - p[0], y * p[2] - p[1]))
    points = []
    for a in range(len(rays)):
        for b in range(a + 1, len(rays)):
            null = np.linalg.svd(np.array([*rays[a], *rays[b]]))[2][3]
            points.append(null[:3] / null[3])
    return np.median(points, axis=0)


def smooth_in_space(members, cameras, s, only, quantile=95, num_latent=3):
    """members [cameras][models, frames, keypoints, 3]. Points, position and posterior variance of the keypoints `only`."""
    summaries = [summarise(m, True) for m in members]
    stacked, n = stack_views([x for x, _ in summaries], [v for _, v in summaries], quantile)
    results = []
    for k in only:
        y, v, kept = stacked[k]
        v = inflate(y - y[kept[:n]].mean(axis=0), v, num_latent)
        models, frames = members[0].shape[:2]
        x = np.array([np.mean([triangulate(cameras, [c[m, t, k, :2] for c in members]) for m in range(models)], axis=0)
                      for t in range(frames)])
        steps = np.diff(x, axis=0)
        mad = np.median(np.abs(steps - np.median(steps, axis=0)), axis=0)
        q = s * np.diag(np.maximum((1.4826 * (mad + 1e-12)) ** 2, 1e-8))

        def observe(m):
            pixels = np.concatenate([project(c, m)[0] for c in cameras])
            columns = [np.concatenate([project(c, m + 1e-30j * e)[0] for c in cameras]).imag / 1e-30 for e in np.eye(3)]
            return pixels, np.array(columns).T

        m, p = smooth(y, v, observe, x[:10].mean(axis=0), np.diag(x.var(axis=0) + 1e-4), q)
        views = [observe(point) for point in m]
        variance = np.array([np.diag(h @ c @ h.T) for (_, h), c in zip(views, p)]) + v
        results.append((m, np.array([pixels for pixels, _ in views]), variance))
    return results
