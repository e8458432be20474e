{{
    top(
        'album_key', days_of('album_key'), ref('dim_album'),
        {'album_name': 'n.album_name', 'artist_name': 'n.artist_name'}
    )
}}
